package io.latchkey.internal;

import java.lang.System.Logger.Level;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Properties;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.postgresql.ds.common.BaseDataSource;

/**
 * Finds out where a data source connects to, so that the client can have connections of its own: a pool that the application has
 * exhausted must not starve a renewal.
 */
final class DataSourceReader {
    private static final System.Logger LOG = System.getLogger("io.latchkey");

    private DataSourceReader() {}

    static Connector.Source sourceOf(DataSource dataSource) {
        try {
            if (dataSource instanceof BaseDataSource plain) {
                return sourceOf(plain);
            } else if (dataSource.isWrapperFor(BaseDataSource.class)) {
                return sourceOf(dataSource.unwrap(BaseDataSource.class));
            }
        } catch (SQLException e) {
            LOG.log(Level.DEBUG, "the data source does not unwrap", e);
        }
        String url = read(dataSource, String.class, "getJdbcUrl", "getUrl");
        if (url != null && url.startsWith("jdbc:postgresql:")) {
            return new Connector.UrlSource(url, propertiesOf(dataSource));
        }
        LOG.log(
                Level.WARNING,
                "Latchkey cannot read the URL of {0}, so it keeps a few of its connections; if that is a pool, "
                        + "give Latchkey a URL, or the pool a few connections more",
                dataSource.getClass().getName());
        return new Borrowed(dataSource);
    }

    /** The driver's own: its URL has all its properties except these two. */
    private static Connector.Source sourceOf(BaseDataSource plain) {
        Properties properties = new Properties();
        if (plain.getUser() != null) {
            properties.setProperty("user", plain.getUser());
        }
        if (plain.getPassword() != null) {
            properties.setProperty("password", plain.getPassword());
        }
        return new Connector.UrlSource(plain.getUrl(), properties);
    }

    /** What a pool gives the driver beside the URL: HikariCP's and Tomcat's properties, such as sslmode; user and password. */
    private static Properties propertiesOf(DataSource dataSource) {
        Properties properties = new Properties();
        Properties beside = read(dataSource, Properties.class, "getDataSourceProperties", "getDbProperties");
        if (beside != null) {
            beside.forEach((name, value) -> properties.setProperty(name.toString(), value.toString()));
        }
        String user = read(dataSource, String.class, "getUsername", "getUser");
        if (user != null) {
            properties.putIfAbsent("user", user);
        }
        String password = read(dataSource, String.class, "getPassword");
        if (password != null) {
            properties.putIfAbsent("password", password);
        }
        return properties;
    }

    private static <T> @Nullable T read(DataSource dataSource, Class<T> type, String... getters) {
        for (String getter : getters) {
            try {
                Object value = dataSource.getClass().getMethod(getter).invoke(dataSource);
                if (type.isInstance(value)) {
                    return type.cast(value);
                }
            } catch (ReflectiveOperationException | RuntimeException e) {
                LOG.log(Level.DEBUG, "the data source has no usable " + getter, e);
            }
        }
        return null;
    }

    /** Keeps connections of a data source that tells nothing about itself. */
    private record Borrowed(DataSource dataSource) implements Connector.Source {
        @Override
        public Connection open(int timeoutMs, Duration spin) throws SQLException {
            return dataSource.getConnection();
        }

        @Override
        public String place() {
            return "the data source " + dataSource.getClass().getSimpleName();
        }
    }
}
