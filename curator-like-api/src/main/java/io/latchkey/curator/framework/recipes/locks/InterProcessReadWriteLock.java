package io.latchkey.curator.framework.recipes.locks;

import io.latchkey.LeaseLostException;
import io.latchkey.curator.framework.CuratorFramework;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A fair lock that many may read and one may write, each side re-entrant for its thread. A thread that writes may also read, and
 * goes on reading when it has released the write lock; one that reads cannot get the write lock. Thread-safe.
 */
public class InterProcessReadWriteLock {
    private final WriteLock writeLock;
    private final ReadLock readLock;

    /**
     * Creates one. Does not talk to the database.
     *
     * @param client the client
     * @param basePath the path of the lock
     * @throws IllegalArgumentException if it is no path
     */
    public InterProcessReadWriteLock(CuratorFramework client, String basePath) {
        this(client, basePath, null);
    }

    /**
     * The same.
     *
     * @param client the client
     * @param basePath the path of the lock
     * @param lockData not used: there are no nodes that could hold it
     * @throws IllegalArgumentException if it is no path
     */
    public InterProcessReadWriteLock(CuratorFramework client, String basePath, byte @Nullable [] lockData) {
        this.writeLock = new WriteLock(client, basePath, lockData);
        this.readLock = new ReadLock(client, basePath, lockData, writeLock);
    }

    /** The side that many have at once. */
    public ReadLock readLock() {
        return readLock;
    }

    /** The side that one has alone. */
    public WriteLock writeLock() {
        return writeLock;
    }

    /** The side that one has alone. Thread-safe. */
    public static class WriteLock extends InterProcessMutex {
        private final CuratorFramework client;
        private final String name;
        private final String path;
        private final List<ReadLock> readers = new CopyOnWriteArrayList<>();

        /**
         * Creates one. Does not talk to the database.
         *
         * @param client the client
         * @param basePath the path of the lock
         * @param lockData not used
         * @throws IllegalArgumentException if it is no path
         */
        public WriteLock(CuratorFramework client, String basePath, byte @Nullable [] lockData) {
            this(client, basePath, client.lockName(basePath));
        }

        private WriteLock(CuratorFramework client, String path, String name) {
            super(client, path, latchkey -> latchkey.readWriteLock(name).writeLock());
            this.client = client;
            this.path = path;
            this.name = name;
        }

        /**
         * As for {@link InterProcessMutex}.
         *
         * @throws IllegalStateException if the calling thread holds the read lock: it would wait for itself
         */
        @Override
        public void acquire() throws Exception {
            if (waitsForItself()) {
                throw new IllegalStateException("A thread that reads would wait for itself: " + path);
            }
            super.acquire();
        }

        /** As for {@link InterProcessMutex}; false at once if the calling thread holds the read lock. */
        @Override
        public boolean acquire(long time, @Nullable TimeUnit unit) throws Exception {
            if (unit == null) {
                acquire();
                return true;
            }
            return !waitsForItself() && super.acquire(time, unit);
        }

        private boolean waitsForItself() {
            return hold() == null && readers.stream().anyMatch(ReadLock::isOwnedByCurrentThread);
        }

        @Override
        boolean giveBack(Hold hold) throws InterruptedException {
            for (ReadLock reader : readers) {
                Hold reading = reader.hold();
                if (reading != null && reading.lease() == hold.lease()) {
                    return downgraded(hold, reading);
                }
            }
            return super.giveBack(hold);
        }

        /** The same thread goes on reading, without a moment in between in which another could write. */
        private boolean downgraded(Hold writing, Hold reading) throws InterruptedException {
            try {
                reading.continueWith(client.latchkey().readWriteLock(name).downgrade(writing.lease()));
                return true;
            } catch (LeaseLostException e) {
                return false;
            }
        }

        /** Of those who write or wait for it. */
        @Override
        public Collection<String> getParticipantNodes() throws Exception {
            return participantNodes("__WRIT__", contender -> !contender.isShared());
        }

        /** The name of what the calling thread holds, or null. */
        public @Nullable String getLockPath() {
            Hold hold = hold();
            return hold == null
                    ? null
                    : path + "/" + Nodes.name("__WRIT__", hold.lease().fencingToken());
        }
    }

    /** The side that many have at once. Thread-safe. */
    public static class ReadLock extends InterProcessMutex {
        private final String path;
        private final WriteLock writeLock;

        /**
         * Creates one. Does not talk to the database.
         *
         * @param client the client
         * @param basePath the path of the lock
         * @param lockData not used
         * @param writeLock the other side, whose owner may also read
         * @throws IllegalArgumentException if it is no path
         */
        public ReadLock(CuratorFramework client, String basePath, byte @Nullable [] lockData, WriteLock writeLock) {
            this(client, basePath, client.lockName(basePath), writeLock);
            writeLock.readers.add(this);
        }

        private ReadLock(CuratorFramework client, String path, String name, WriteLock writeLock) {
            super(client, path, latchkey -> latchkey.readWriteLock(name).readLock());
            this.path = path;
            this.writeLock = writeLock;
        }

        @Override
        public void acquire() throws Exception {
            if (!readsAsWriter()) {
                super.acquire();
            }
        }

        @Override
        public boolean acquire(long time, @Nullable TimeUnit unit) throws Exception {
            return readsAsWriter() || super.acquire(time, unit);
        }

        /** A thread that writes reads by the same lease, until it has released the write lock. */
        private boolean readsAsWriter() {
            Hold writing = writeLock.hold();
            if (hold() != null || writing == null || !writing.isValid()) {
                return false;
            }
            enter(writing.lease());
            return true;
        }

        @Override
        boolean giveBack(Hold hold) throws InterruptedException {
            Hold writing = writeLock.hold();
            boolean goesOnWriting = writing != null && writing.lease() == hold.lease();
            return goesOnWriting ? hold.isValid() : super.giveBack(hold);
        }

        /** Of those who read or wait for it. */
        @Override
        public Collection<String> getParticipantNodes() throws Exception {
            return participantNodes("__READ__", contender -> contender.isShared());
        }

        /** The name of what the calling thread holds, or null. */
        public @Nullable String getLockPath() {
            Hold hold = hold();
            return hold == null
                    ? null
                    : path + "/" + Nodes.name("__READ__", hold.lease().fencingToken());
        }
    }
}
