package io.latchkey.benchmarks.peers;

import static io.latchkey.benchmarks.peers.PeerKind.Role.FLOOR;
import static io.latchkey.benchmarks.peers.PeerKind.Role.OURS;
import static io.latchkey.benchmarks.peers.PeerKind.Role.PEER;

import io.latchkey.benchmarks.servers.ServerKind;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** All that can be measured, with what a reader has to know of each. */
public enum PeerKind {
    LATCHKEY(
            OURS,
            "Latchkey",
            ServerKind.POSTGRES,
            "not flushed; a crash of the database is survived by resuming",
            List.of(Setting.of("all defaults", "LatchkeyBuilder"))) {
        @Override
        public Peer at(String address) {
            return new LatchkeyPeer(address);
        }
    },
    SPRING(
            PEER,
            "Spring JdbcLockRegistry",
            ServerKind.POSTGRES,
            "flushed",
            List.of(
                    Setting.of("all defaults: a waiter looks every 100 ms", Source.SPRING),
                    Setting.of("schema-postgresql.sql as it is shipped", Source.SPRING),
                    Setting.of("HikariCP, a pool of fixed size, 10 by default", Source.HIKARI))) {
        @Override
        public Peer at(String address) {
            return SpringPeer.withDefaults(address);
        }
    },
    SPRING_1MS(
            PEER,
            "Spring JdbcLockRegistry, 1 ms",
            ServerKind.POSTGRES,
            "flushed",
            List.of(
                    Setting.of("idleBetweenTries = 1 ms", "as fast as it can be set"),
                    Setting.of("INSERT ... ON CONFLICT DO NOTHING, for PostgreSQL", Source.SPRING),
                    Setting.of("HikariCP as above", Source.HIKARI))) {
        @Override
        public Peer at(String address) {
            return SpringPeer.withShortestIdle(address);
        }
    },
    SHEDLOCK(
            PEER,
            "ShedLock JdbcTemplate",
            ServerKind.POSTGRES,
            "flushed",
            List.of(
                    Setting.of("JdbcTemplateLockProvider, usingDbTime()", Source.SHEDLOCK),
                    Setting.of("table for PostgreSQL as documented", Source.SHEDLOCK),
                    Setting.of("HikariCP as above", Source.HIKARI),
                    Setting.of("it does not wait: where one has to, we try again every 10 ms", "our own choice"))) {
        @Override
        public Peer at(String address) {
            return new ShedLockPeer(address);
        }
    },
    CURATOR(
            PEER,
            "Curator InterProcessMutex",
            ServerKind.ZOOKEEPER,
            "flushed",
            List.of(
                    Setting.of("ExponentialBackoffRetry(1000, 3)", "https://curator.apache.org/docs/getting-started"),
                    Setting.of("one mutex object per path, used again", "InterProcessMutex"),
                    Setting.of(
                            "ZooKeeper: tickTime 2000, forceSync on, no limit of connections per client, in a process"
                                    + " of its own",
                            "https://zookeeper.apache.org/doc/current/zookeeperAdmin.html"))) {
        @Override
        public Peer at(String address) {
            return new CuratorPeer(address);
        }
    },
    REDISSON(
            PEER,
            "Redisson RLock",
            ServerKind.REDIS,
            "not durable: Redis writes a snapshot now and then, and a lock does not survive a crash between two",
            List.of(
                    Setting.of("all defaults: watchdog 30 s, 64 connections", Source.REDISSON),
                    Setting.of("subscriptions for 1,000 waiters: pool 250", "the exception that says so without"),
                    Setting.of("clients of one JVM share the event loops", "Config.setEventLoopGroup"),
                    Setting.of("redis-server with its defaults (snapshots, no append-only file)", "redis.conf"))) {
        @Override
        public Peer at(String address) {
            return new RedissonPeer(address);
        }
    },
    ETCD(
            PEER,
            "etcd, through jetcd",
            ServerKind.ETCD,
            "flushed",
            List.of(
                    Setting.of(
                            "one lease per client, kept alive, for all its locks",
                            "https://etcd.io/docs/v3.4/learning/api/"),
                    Setting.of(
                            "etcd with its defaults, one member",
                            "https://etcd.io/docs/v3.4/op-guide/configuration/"))) {
        @Override
        public Peer at(String address) {
            return new EtcdPeer(address);
        }
    },
    ADVISORY(
            FLOOR,
            "floor: session advisory lock",
            ServerKind.POSTGRES,
            "nothing is written; no lease: the lock lives and dies with its connection",
            List.of(Setting.of("a connection per thread, prepared statements at once", "our own choice"))) {
        @Override
        public Peer at(String address) {
            return new AdvisoryLockPeer(address);
        }
    },
    UPDATES_FLUSHED(
            FLOOR,
            "floor: two bare UPDATEs, flushed",
            ServerKind.POSTGRES,
            "flushed",
            List.of(Setting.of("a connection per thread, prepared statements at once", "our own choice"))) {
        @Override
        public Peer at(String address) {
            return new BareUpdatesPeer(address, true);
        }
    },
    UPDATES(
            FLOOR,
            "floor: two bare UPDATEs, not flushed",
            ServerKind.POSTGRES,
            "not flushed",
            List.of(Setting.of("the same with synchronous_commit = off", "our own choice"))) {
        @Override
        public Peer at(String address) {
            return new BareUpdatesPeer(address, false);
        }
    };

    /** What a line in a table stands for. */
    public enum Role {
        /** Latchkey. */
        OURS,
        /** What a user would pick instead. */
        PEER,
        /** What nobody can beat who does the same on the same server. */
        FLOOR
    }

    private final Role role;
    private final String title;
    private final ServerKind server;
    private final String durability;

    @SuppressWarnings("ImmutableEnumChecker") // made by List.of
    private final List<Setting> settings;

    PeerKind(Role role, String title, ServerKind server, String durability, List<Setting> settings) {
        this.role = role;
        this.title = title;
        this.server = server;
        this.durability = durability;
        this.settings = settings;
    }

    /** The peer on a server of its kind. */
    public abstract Peer at(String address);

    /** What it is among the others. */
    public Role role() {
        return role;
    }

    /** Its name in tables. */
    public String title() {
        return title;
    }

    /** The server it needs. */
    public ServerKind server() {
        return server;
    }

    /** What is on the disk when a lock is granted. */
    public String durability() {
        return durability;
    }

    /** How it is set up, and who says so. */
    public List<Setting> settings() {
        return settings;
    }

    /** Its name on the command line and in CSV files. */
    public String id() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** The one with this id. */
    public static Optional<PeerKind> of(String id) {
        return Arrays.stream(values()).filter(kind -> kind.id().equals(id)).findFirst();
    }

    /** The two floors without a queue cannot wait. */
    public boolean waits() {
        return this != UPDATES && this != UPDATES_FLUSHED;
    }

    private static final class Source {
        static final String SPRING = "https://docs.spring.io/spring-integration/reference/jdbc/lock-registry.html";
        static final String HIKARI = "https://github.com/brettwooldridge/HikariCP#readme";
        static final String SHEDLOCK = "https://github.com/lukas-krecan/ShedLock#jdbctemplate";
        static final String REDISSON = "https://redisson.pro/docs/configuration/";
    }
}
