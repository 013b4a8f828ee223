package io.latchkey.internal;

import io.latchkey.spi.LatchkeyEvents;
import java.lang.System.Logger.Level;
import java.util.List;
import java.util.function.Consumer;

/** Tells every {@link LatchkeyEvents}, whatever one of them does. */
record Events(List<LatchkeyEvents> listeners) {
    private static final System.Logger LOG = System.getLogger("io.latchkey");

    void tell(Consumer<LatchkeyEvents> event) {
        for (LatchkeyEvents listener : listeners) {
            try {
                event.accept(listener);
            } catch (RuntimeException e) {
                LOG.log(Level.WARNING, "a LatchkeyEvents failed", e);
            }
        }
    }
}
