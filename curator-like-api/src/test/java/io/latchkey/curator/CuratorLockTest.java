package io.latchkey.curator;

import io.latchkey.curator.framework.CuratorFramework;
import io.latchkey.curator.framework.CuratorFrameworkFactory;
import io.latchkey.curator.framework.recipes.locks.InterProcessMutex;
import io.latchkey.curator.retry.RetryNTimes;
import io.latchkey.testkit.LockContract;
import io.latchkey.testkit.PostgresExtension;
import io.latchkey.testkit.TestDatabase;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The contract of all locks, through {@link InterProcessMutex}. */
class CuratorLockTest extends LockContract {
    @RegisterExtension
    static final PostgresExtension POSTGRES = new PostgresExtension();

    @Override
    protected LockClient newClient() {
        CuratorFramework client =
                CuratorFrameworkFactory.newClient(POSTGRES.database().url(), new RetryNTimes(3, 100));
        client.start();
        return new Client(client);
    }

    @Override
    protected TestDatabase database() {
        return POSTGRES.database();
    }

    @Override
    protected String nameInDatabase(String name) {
        return "/" + name;
    }

    private record Client(CuratorFramework client) implements LockClient {
        @Override
        public Optional<Held> tryLock(String name, Duration wait) throws InterruptedException {
            try {
                if (name.isEmpty()) {
                    throw new IllegalArgumentException("the root is no name of a lock here");
                }
                InterProcessMutex mutex = new InterProcessMutex(client, "/" + name);
                return mutex.acquire(wait.toMillis(), TimeUnit.MILLISECONDS)
                        ? Optional.of(new HeldMutex(mutex, mutex.fencingToken()))
                        : Optional.empty();
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException("no name: " + e.getMessage(), e);
            } catch (InterruptedException | RuntimeException e) {
                throw e;
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        }

        @Override
        public void close() {
            client.close();
        }
    }

    private record HeldMutex(InterProcessMutex mutex, long fencingToken) implements LockContract.Held {
        @Override
        public boolean isValid() {
            return mutex.isAcquiredInThisProcess();
        }

        @Override
        public void release() {
            try {
                mutex.release();
            } catch (IllegalMonitorStateException e) {
                // The contract releases twice; here the second time says so.
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        }
    }
}
