package io.latchkey.benchmarks.servers;

import java.io.IOException;

/** The servers that peers need. */
public enum ServerKind {
    POSTGRES {
        @Override
        Server start() {
            return new PostgresBackend();
        }
    },
    ZOOKEEPER {
        @Override
        Server start() throws IOException {
            return new ZooKeeperBackend();
        }
    },
    REDIS {
        @Override
        Server start() throws IOException {
            return RedisBackend.start(Packages.require("redis-server", "redis-server"));
        }
    },
    ETCD {
        @Override
        Server start() throws IOException {
            return EtcdBackend.start(Packages.require("etcd", "etcd-server"));
        }
    };

    abstract Server start() throws IOException;
}
