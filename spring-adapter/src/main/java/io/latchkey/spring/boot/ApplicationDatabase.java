package io.latchkey.spring.boot;

import io.latchkey.CoordinationException;
import io.latchkey.Latchkey;
import io.latchkey.LatchkeyBuilder;
import java.sql.SQLException;
import java.util.Arrays;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.postgresql.ds.PGSimpleDataSource;
import org.postgresql.ds.common.BaseDataSource;
import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.jdbc.autoconfigure.JdbcConnectionDetails;
import org.springframework.jdbc.datasource.DelegatingDataSource;
import org.springframework.util.ClassUtils;

/** Finds out where the locks are to be: at {@code latchkey.url}, or where a data source of the application points to. */
final class ApplicationDatabase {
    private static final boolean HAS_DETAILS = ClassUtils.isPresent(
            "org.springframework.boot.jdbc.autoconfigure.JdbcConnectionDetails",
            ApplicationDatabase.class.getClassLoader());

    private static final boolean HAS_PROXIES = ClassUtils.isPresent(
            "org.springframework.jdbc.datasource.DelegatingDataSource", ApplicationDatabase.class.getClassLoader());

    private final LatchkeyProperties properties;
    private final ListableBeanFactory beans;
    private final ObjectProvider<DataSource> marked;
    private final ObjectProvider<DataSource> all;

    ApplicationDatabase(
            LatchkeyProperties properties,
            ListableBeanFactory beans,
            ObjectProvider<DataSource> marked,
            ObjectProvider<DataSource> all) {
        this.properties = properties;
        this.beans = beans;
        this.marked = marked;
        this.all = all;
    }

    /** A builder for where the locks are to be. */
    LatchkeyBuilder builder() {
        String url = properties.url();
        if (url != null) {
            return Latchkey.builder(at(url, properties.username(), properties.password()));
        }
        DataSource chosen = dataSource();
        if (chosen == null) {
            throw new CoordinationException(
                    "there are several data sources and none of them is primary: "
                            + Arrays.toString(beans.getBeanNamesForType(DataSource.class))
                            + "; mark one with @LatchkeyDataSource, or name it in latchkey.data-source",
                    null,
                    null,
                    null);
        }
        DataSource target = HAS_PROXIES ? Proxies.targetOf(chosen) : chosen;
        if (!tellsItsUrl(target) && HAS_DETAILS) {
            DataSource described = Details.find(beans);
            return Latchkey.builder(described == null ? target : described);
        }
        return Latchkey.builder(target);
    }

    /** The data source in whose database the locks are, where that is one of the application's. */
    @Nullable
    DataSource dataSource() {
        String name = properties.dataSource();
        if (properties.url() != null) {
            return null;
        } else if (name != null) {
            return beans.getBean(name, DataSource.class);
        }
        DataSource marked = this.marked.getIfUnique();
        return marked == null ? all.getIfUnique() : marked;
    }

    /** Whether the client can read from it where to connect, and need not borrow from a pool that may be exhausted. */
    private static boolean tellsItsUrl(DataSource dataSource) {
        try {
            return dataSource.isWrapperFor(BaseDataSource.class)
                    || ClassUtils.hasMethod(dataSource.getClass(), "getJdbcUrl")
                    || ClassUtils.hasMethod(dataSource.getClass(), "getUrl");
        } catch (SQLException e) {
            return false;
        }
    }

    private static DataSource at(String url, @Nullable String user, @Nullable String password) {
        PGSimpleDataSource dataSource = new PGSimpleDataSource();
        dataSource.setUrl(url);
        if (user != null) {
            dataSource.setUser(user);
        }
        if (password != null) {
            dataSource.setPassword(password);
        }
        return dataSource;
    }

    /** Spring's, which tell nothing themselves: for lazy connections, for transactions. A class of its own, for it may be missing. */
    private static final class Proxies {
        static DataSource targetOf(DataSource dataSource) {
            DataSource target = dataSource instanceof DelegatingDataSource proxy ? proxy.getTargetDataSource() : null;
            return target == null ? dataSource : targetOf(target);
        }
    }

    /** A class of its own, because Boot's is not everywhere. */
    private static final class Details {
        /** What Boot made the only data source from. */
        static @Nullable DataSource find(ListableBeanFactory beans) {
            JdbcConnectionDetails details =
                    beans.getBeanProvider(JdbcConnectionDetails.class).getIfUnique();
            return details == null || beans.getBeanNamesForType(DataSource.class).length > 1
                    ? null
                    : at(details.getJdbcUrl(), details.getUsername(), details.getPassword());
        }
    }
}
