package io.latchkey.curator.internal;

import io.latchkey.Latchkey;
import io.latchkey.LatchkeyBuilder;

/** Where a framework's Latchkey client comes from, and what becomes of it. */
public interface Connecting {
    /** Connects, or fails with what {@link LatchkeyBuilder#connect()} throws. */
    Latchkey connect();

    /** The framework is closed. */
    void close(Latchkey latchkey);

    /** A client of the framework's own. */
    static Connecting by(LatchkeyBuilder builder) {
        return new Connecting() {
            @Override
            public Latchkey connect() {
                return builder.connect();
            }

            @Override
            public void close(Latchkey latchkey) {
                latchkey.close();
            }
        };
    }

    /** Somebody else's client. */
    static Connecting given(Latchkey existing) {
        return new Connecting() {
            @Override
            public Latchkey connect() {
                return existing;
            }

            @Override
            public void close(Latchkey latchkey) {}
        };
    }
}
