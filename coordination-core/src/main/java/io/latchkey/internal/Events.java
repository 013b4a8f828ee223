package io.latchkey.internal;

import io.latchkey.Lease;
import io.latchkey.spi.Attempt;
import io.latchkey.spi.LatchkeyEvents;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** Tells every {@link LatchkeyEvents}, whatever one of them does. */
record Events(List<LatchkeyEvents> listeners) {
    private static final System.Logger LOG = System.getLogger("io.latchkey");

    void tell(Consumer<LatchkeyEvents> event) {
        each(listeners, event);
    }

    /** A call that waits begins: the listeners hear how it ends. */
    void observe(Acquisition acquisition) {
        List<Attempt> attempts = attempts(acquisition.name);
        if (!attempts.isEmpty()) {
            var unused = acquisition.result.whenComplete((lease, failure) -> {
                if (failure == null) {
                    each(attempts, attempt -> attempt.granted(lease.token, acquisition.wasQueued()));
                } else {
                    failed(attempts, failure);
                }
            });
        }
    }

    /** Makes a call that does not wait. */
    <L extends Lease> Optional<L> observed(String lock, Supplier<Optional<L>> call) {
        List<Attempt> attempts = attempts(lock);
        try {
            Optional<L> lease = call.get();
            each(
                    attempts,
                    attempt -> lease.ifPresentOrElse(
                            granted -> attempt.granted(granted.fencingToken(), false), attempt::refused));
            return lease;
        } catch (RuntimeException e) {
            failed(attempts, e);
            throw e;
        }
    }

    private List<Attempt> attempts(String lock) {
        List<Attempt> attempts = new ArrayList<>(0);
        tell(listener -> {
            Attempt attempt = listener.acquiring(lock);
            if (attempt != Attempt.UNOBSERVED) {
                attempts.add(attempt);
            }
        });
        return attempts;
    }

    private static void failed(List<Attempt> attempts, Throwable failure) {
        each(attempts, attempt -> {
            if (failure instanceof CancellationException) {
                attempt.refused();
            } else {
                attempt.failed(failure);
            }
        });
    }

    private static <T> void each(List<T> listeners, Consumer<T> event) {
        for (T listener : listeners) {
            try {
                event.accept(listener);
            } catch (RuntimeException e) {
                LOG.log(Level.WARNING, "a LatchkeyEvents failed", e);
            }
        }
    }
}
