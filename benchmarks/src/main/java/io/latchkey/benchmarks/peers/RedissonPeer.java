package io.latchkey.benchmarks.peers;

import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.redisson.Redisson;
import org.redisson.api.RLock;
import org.redisson.api.RedissonClient;
import org.redisson.config.Config;

/** Redisson's lock on Redis. Its clients share event loops here: 32 of them would have 1,500 threads otherwise. */
record RedissonPeer(String address) implements Peer {
    /** Redisson's defaults, once for all clients of this JVM. */
    private static final class Shared {
        static final EventLoopGroup LOOPS = new MultiThreadIoEventLoopGroup(
                32, new DefaultThreadFactory("redisson-bench", true), NioIoHandler.newFactory());
        static final ExecutorService EXECUTOR =
                Executors.newFixedThreadPool(16, new DefaultThreadFactory("redisson-bench-calls", true));
    }

    @Override
    public LockClient connect(ClientOptions options) {
        Config config = new Config();
        config.setEventLoopGroup(Shared.LOOPS);
        config.setExecutor(Shared.EXECUTOR);
        config.useSingleServer().setAddress(address).setSubscriptionConnectionPoolSize(250);
        if (options.lease() != null) {
            config.setLockWatchdogTimeout(options.lease().toMillis());
        }
        return new Client(Redisson.create(config));
    }

    private record Client(RedissonClient redisson) implements LockClient {
        @Override
        public Held lock(String name) throws InterruptedException {
            RLock lock = redisson.getLock(name);
            lock.lockInterruptibly();
            return lock::unlock;
        }

        @Override
        public void close() {
            redisson.shutdown();
        }
    }
}
