package io.latchkey.spring.page;

import java.io.IOException;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.springframework.http.MediaType;
import org.springframework.web.servlet.mvc.method.annotation.SseEmitter;

/** Somebody who watches. One that is slow misses what is out of date anyway, and holds up nobody. Thread-safe. */
final class Viewer {
    /** After that the browser comes again by itself, and has to prove anew who it is. */
    private static final long MAX_MS = 600_000;

    private record Message(String event, String json) {}

    final SseEmitter emitter = new SseEmitter(MAX_MS);
    private final Executor senders;
    private final AtomicReference<@Nullable Message> next = new AtomicReference<>();
    private final AtomicBoolean sending = new AtomicBoolean();

    Viewer(Executor senders) {
        this.senders = senders;
    }

    /** Sends it in the place of whatever has not been sent yet. */
    void send(String event, String json) {
        next.set(new Message(event, json));
        if (sending.compareAndSet(false, true)) {
            try {
                senders.execute(this::sendAll);
            } catch (RejectedExecutionException closed) {
                sending.set(false);
            }
        }
    }

    private void sendAll() {
        do {
            try {
                for (Message message = next.getAndSet(null); message != null; message = next.getAndSet(null)) {
                    emitter.send(SseEmitter.event().name(message.event).data(message.json, MediaType.TEXT_PLAIN));
                }
            } catch (IOException | IllegalStateException gone) {
                return; // and sends no more; the container tells the feed
            }
            sending.set(false);
        } while (next.get() != null && sending.compareAndSet(false, true));
    }
}
