package io.latchkey.internal;

import java.lang.System.Logger.Level;
import java.lang.reflect.Method;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
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
                return new Connector.UrlSource(plain.getUrl(), plain.getUser(), plain.getPassword());
            } else if (dataSource.isWrapperFor(BaseDataSource.class)) {
                BaseDataSource plain = dataSource.unwrap(BaseDataSource.class);
                return new Connector.UrlSource(plain.getUrl(), plain.getUser(), plain.getPassword());
            }
        } catch (SQLException e) {
            LOG.log(Level.DEBUG, "the data source does not unwrap", e);
        }
        String url = read(dataSource, "getJdbcUrl", "getUrl");
        if (url != null && url.startsWith("jdbc:postgresql:")) {
            return new Connector.UrlSource(
                    url, read(dataSource, "getUsername", "getUser"), read(dataSource, "getPassword"));
        }
        LOG.log(
                Level.WARNING,
                "Latchkey cannot read the URL of {0}, so it keeps a few of its connections; if that is a pool, "
                        + "give Latchkey a URL, or the pool a few connections more",
                dataSource.getClass().getName());
        return new Borrowed(dataSource);
    }

    private static @Nullable String read(DataSource dataSource, String... getters) {
        for (String getter : getters) {
            try {
                Method method = dataSource.getClass().getMethod(getter);
                if (method.getReturnType() == String.class && method.invoke(dataSource) instanceof String value) {
                    return value;
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
