package io.latchkey.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.latchkey.CoordinationException;
import io.latchkey.Latchkey;
import io.latchkey.testkit.DatabaseAddress;
import io.latchkey.testkit.PostgresExtension;
import java.io.PrintWriter;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLFeatureNotSupportedException;
import java.util.Properties;
import java.util.logging.Logger;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A pool gives the driver more than a URL: the client's own connections have it too. With HikariCP itself: see the Spring module. */
class PoolPropertiesTest {
    @RegisterExtension
    static final PostgresExtension POSTGRES = new PostgresExtension();

    @Test
    void propertiesBesideTheUrl_areThoseOfTheClientsConnections() throws SQLException {
        Pool pool = new Pool(POSTGRES.database().address());
        pool.properties.setProperty("ApplicationName", "beside-the-url");
        pool.properties.put("loginTimeout", 20); // as some write it: not a string
        try (Latchkey latchkey = Latchkey.builder(pool).connect()) {
            assertThat(latchkey.lock("a").tryAcquire()).isPresent();
            assertThat(sessionsOf("beside-the-url")).isPositive();
            assertThat(sessionsOf("latchkey")).isZero();
        }
    }

    private static int sessionsOf(String application) throws SQLException {
        try (Connection connection = POSTGRES.database().connect();
                var row = connection
                        .createStatement()
                        .executeQuery("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                                + " AND application_name = '" + application + "'")) {
            row.next();
            return row.getInt(1);
        }
    }

    /** The server of the tests has no TLS: whoever demands it must not be connected without. */
    @Test
    void tlsThatIsDemandedBesideTheUrl_isDemandedByTheClientToo() {
        Pool pool = new Pool(POSTGRES.database().address());
        pool.properties.setProperty("sslmode", "require");
        assertThatThrownBy(() -> Latchkey.builder(pool).connect())
                .isInstanceOf(CoordinationException.class)
                .hasMessageContaining("SSL");
    }

    @Test
    void userBesideTheUrl_comesFirst_asWithHikari() {
        Pool pool = new Pool(POSTGRES.database().address());
        pool.properties.setProperty("user", "somebody_else");
        pool.properties.setProperty("password", "hush");
        assertThatThrownBy(() -> Latchkey.builder(pool).connect())
                .isInstanceOf(CoordinationException.class)
                .hasMessageNotContaining("hush");
    }

    /** Has the getters of HikariCP. Its connections are for the application alone. */
    public static final class Pool implements DataSource {
        private final DatabaseAddress address;
        private final Properties properties = new Properties();

        Pool(DatabaseAddress address) {
            this.address = address;
        }

        public String getJdbcUrl() {
            return "jdbc:postgresql://" + address.host() + ":" + address.port() + "/" + address.database();
        }

        public String getUsername() {
            return address.user();
        }

        public String getPassword() {
            return address.password();
        }

        public Properties getDataSourceProperties() {
            return properties;
        }

        @Override
        public Connection getConnection() {
            throw new IllegalStateException("the application's pool is not to be touched");
        }

        @Override
        public Connection getConnection(String username, String password) {
            return getConnection();
        }

        @Override
        public <T> T unwrap(Class<T> type) throws SQLException {
            throw new SQLException("wraps nothing");
        }

        @Override
        public boolean isWrapperFor(Class<?> type) {
            return false;
        }

        @Override
        @SuppressWarnings("NullAway")
        public PrintWriter getLogWriter() {
            return null;
        }

        @Override
        public void setLogWriter(PrintWriter writer) {}

        @Override
        public void setLoginTimeout(int seconds) {}

        @Override
        public int getLoginTimeout() {
            return 0;
        }

        @Override
        public Logger getParentLogger() throws SQLFeatureNotSupportedException {
            throw new SQLFeatureNotSupportedException();
        }
    }
}
