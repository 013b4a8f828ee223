package io.latchkey.locks;

import io.latchkey.Latchkey;
import io.latchkey.Lease;
import io.latchkey.Lockable;
import io.latchkey.testkit.LockContract;
import io.latchkey.testkit.PostgresExtension;
import io.latchkey.testkit.TestDatabase;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The contract, through one of the client's own ways to take something. */
abstract class LockableContract extends LockContract {
    @RegisterExtension
    static final PostgresExtension POSTGRES = new PostgresExtension();

    /** What is taken under this name. */
    abstract Lockable lockable(Latchkey latchkey, String name);

    @Override
    protected LockClient newClient() {
        return new Client(this, Latchkey.connect(POSTGRES.database().url()));
    }

    @Override
    protected TestDatabase database() {
        return POSTGRES.database();
    }

    private record Client(LockableContract contract, Latchkey latchkey) implements LockClient {
        @Override
        public Optional<Held> tryLock(String name, Duration wait) throws InterruptedException {
            return contract.lockable(latchkey, name).tryAcquire(wait).map(HeldLease::new);
        }

        @Override
        public void close() {
            latchkey.close();
        }
    }

    private record HeldLease(Lease lease) implements Held {
        @Override
        public long fencingToken() {
            return lease.fencingToken();
        }

        @Override
        public boolean isValid() {
            return lease.isValid();
        }

        @Override
        public void release() {
            lease.release();
        }
    }
}
