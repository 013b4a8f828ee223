package io.latchkey.internal;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

/** Those who want to hear of something: each on its own, one event at a time, in order, none dropped. */
final class Listeners<L> {
    private final Background background;
    private final Map<L, Serial> mailboxes = new ConcurrentHashMap<>();

    Listeners(Background background) {
        this.background = background;
    }

    /** False if it was there before. */
    boolean add(L listener) {
        return mailboxes.putIfAbsent(listener, new Serial(background::callback)) == null;
    }

    void remove(L listener) {
        mailboxes.remove(listener);
    }

    /** Tells them all. Calls of this method must not overlap, or their order is nobody's. */
    void tell(Consumer<L> event) {
        mailboxes.keySet().forEach(listener -> tell(listener, event));
    }

    /** Tells one of them. */
    void tell(L listener, Consumer<L> event) {
        Serial mailbox = mailboxes.get(listener);
        if (mailbox != null) {
            mailbox.execute(() -> event.accept(listener));
        }
    }
}
