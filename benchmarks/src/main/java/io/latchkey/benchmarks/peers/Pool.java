package io.latchkey.benchmarks.peers;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;

/** The pool of the peers that use the application's: HikariCP, of a fixed size, as its authors recommend. */
final class Pool {
    private Pool() {}

    static HikariDataSource open(String url, ClientOptions options) {
        HikariConfig config = new HikariConfig();
        config.setJdbcUrl(url);
        config.setMaximumPoolSize(options.pool());
        return new HikariDataSource(config);
    }
}
