package io.latchkey.chaos.faults;

import io.latchkey.testkit.DatabaseAddress;
import io.latchkey.testkit.PgBouncer;
import io.latchkey.testkit.TcpProxy;
import io.latchkey.testkit.TestRole;

/** A PgBouncer in transaction mode that leads to whatever server is the primary. For one thread. */
final class Pooler implements AutoCloseable {
    /** The worker whose calls go through it. */
    static final int POOLED = 2;

    private final TcpProxy toPrimary;
    private final PgBouncer pgBouncer;

    Pooler(DatabaseAddress primary, TestRole role) {
        toPrimary = TcpProxy.to(primary);
        try {
            pgBouncer = PgBouncer.to(DatabaseAddress.parse("jdbc:postgresql://127.0.0.1:" + toPrimary.port() + "/"
                            + primary.database() + "?user=" + primary.user())
                    .withUser(role));
        } catch (RuntimeException e) {
            toPrimary.close();
            throw e;
        }
    }

    PgBouncer pgBouncer() {
        return pgBouncer;
    }

    /** Another server is the primary now. */
    void redirect(DatabaseAddress primary) {
        toPrimary.redirect(primary);
    }

    @Override
    public void close() {
        pgBouncer.close();
        toPrimary.close();
    }
}
