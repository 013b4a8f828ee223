package io.latchkey.chaos.worker;

import io.latchkey.Leadership;
import io.latchkey.Lease;
import java.sql.Connection;
import java.time.Duration;

/** A lease or a leadership. */
interface Held {
    long token();

    boolean isValid();

    Duration remaining();

    void onLost(Runnable action);

    void fence(Connection connection);

    /** Gives it back, if that can be done twice. */
    default void release() {}

    static Held of(Lease lease) {
        return new Held() {
            @Override
            public long token() {
                return lease.fencingToken();
            }

            @Override
            public boolean isValid() {
                return lease.isValid();
            }

            @Override
            public Duration remaining() {
                return lease.remaining();
            }

            @Override
            public void onLost(Runnable action) {
                lease.onLost(action);
            }

            @Override
            public void fence(Connection connection) {
                lease.fence(connection);
            }

            @Override
            public void release() {
                lease.release();
            }
        };
    }

    static Held of(Leadership leadership) {
        return new Held() {
            @Override
            public long token() {
                return leadership.term();
            }

            @Override
            public boolean isValid() {
                return leadership.isValid();
            }

            @Override
            public Duration remaining() {
                return leadership.remaining();
            }

            @Override
            public void onLost(Runnable action) {
                leadership.onLost(action);
            }

            @Override
            public void fence(Connection connection) {
                leadership.fence(connection);
            }
        };
    }
}
