package io.latchkey.internal;

import io.latchkey.Observation;
import io.latchkey.Participant;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Tells one observer who leads, when that has changed. */
final class LeaderObservation implements Observation, Watch {
    private final Watches watches;
    private final String name;
    private final long request;
    private final Consumer<Optional<Participant>> observer;
    private final Serial mailbox;
    private volatile Optional<Participant> last = Optional.empty();
    private boolean told;

    LeaderObservation(
            Watches watches,
            Background background,
            String name,
            long request,
            Consumer<Optional<Participant>> observer) {
        this.watches = watches;
        this.name = name;
        this.request = request;
        this.observer = observer;
        this.mailbox = new Serial(background::callback);
    }

    @Override
    public String election() {
        return name;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public @Nullable Long token() {
        return null;
    }

    @Override
    public Optional<Participant> leader() {
        return last;
    }

    @Override
    public void seen(Sight sight) {
        Optional<Participant> now = Optional.ofNullable(sight.leader());
        if (!told || !now.equals(last)) {
            told = true;
            last = now;
            mailbox.execute(() -> observer.accept(now));
        }
    }

    @Override
    public void close() {
        watches.remove(request);
    }

    @Override
    public String toString() {
        return "Observation[" + name + "]";
    }
}
