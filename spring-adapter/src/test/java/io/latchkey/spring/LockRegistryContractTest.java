package io.latchkey.spring;

import io.latchkey.Latchkey;
import io.latchkey.testkit.LockContract;
import io.latchkey.testkit.PostgresExtension;
import io.latchkey.testkit.TestDatabase;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The contract of all locks, through the registry. */
class LockRegistryContractTest extends LockContract {
    @RegisterExtension
    static final PostgresExtension POSTGRES = new PostgresExtension();

    @Override
    protected LockClient newClient() {
        Latchkey latchkey = Latchkey.connect(POSTGRES.database().url());
        return new Client(latchkey, new LatchkeyLockRegistry(latchkey));
    }

    @Override
    protected TestDatabase database() {
        return POSTGRES.database();
    }

    /** A registry takes any string; {@link LockNamesTest} has what becomes of those that are no names. */
    @Override
    protected List<String> namesThatAreNone() {
        return List.of();
    }

    private record Client(Latchkey latchkey, LatchkeyLockRegistry registry) implements LockClient {
        @Override
        public Optional<Held> tryLock(String name, Duration wait) throws InterruptedException {
            RegistryLock lock = (RegistryLock) registry.obtain(name);
            return lock.tryLock(wait.toMillis(), TimeUnit.MILLISECONDS)
                    ? Optional.of(new HeldLock(lock, Thread.currentThread(), lock.fencingToken()))
                    : Optional.empty();
        }

        @Override
        public void close() {
            latchkey.close();
        }
    }

    private record HeldLock(RegistryLock lock, Thread owner, long fencingToken) implements Held {
        @Override
        public boolean isValid() {
            return lock.isValidFor(owner);
        }

        @Override
        public void release() {
            lock.unlock();
        }
    }
}
