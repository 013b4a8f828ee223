package io.latchkey.curator.framework;

import io.latchkey.Latchkey;
import io.latchkey.LatchkeyBuilder;
import io.latchkey.curator.RetryPolicy;
import io.latchkey.curator.framework.state.ConnectionStateErrorPolicy;
import io.latchkey.curator.framework.state.StandardConnectionStateErrorPolicy;
import io.latchkey.curator.internal.Connecting;
import io.latchkey.curator.internal.Framework;
import io.latchkey.curator.internal.Paths;
import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.concurrent.ThreadFactory;
import java.util.function.UnaryOperator;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/** Makes clients. Where Curator takes a connect string, these take a pgjdbc URL with user and password. */
public final class CuratorFrameworkFactory {
    private static final int SESSION_TIMEOUT_MS = Integer.getInteger("curator-default-session-timeout", 15_000);
    private static final int CONNECTION_TIMEOUT_MS = Integer.getInteger("curator-default-connection-timeout", 15_000);

    private CuratorFrameworkFactory() {}

    /** Prepares a client. */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * A client with the defaults of {@link Builder}.
     *
     * @param connectString a pgjdbc URL, such as {@code jdbc:postgresql://host/database?user=app}
     * @param retryPolicy how often to try again while the database cannot be reached
     */
    public static CuratorFramework newClient(String connectString, RetryPolicy retryPolicy) {
        return builder().connectString(connectString).retryPolicy(retryPolicy).build();
    }

    /**
     * A client.
     *
     * @param connectString a pgjdbc URL
     * @param sessionTimeoutMs how long what is held outlives this client, in milliseconds
     * @param connectionTimeoutMs how long an attempt waits for the first connection, in milliseconds
     * @param retryPolicy how often to try again while the database cannot be reached
     */
    public static CuratorFramework newClient(
            String connectString, int sessionTimeoutMs, int connectionTimeoutMs, RetryPolicy retryPolicy) {
        return builder()
                .connectString(connectString)
                .sessionTimeoutMs(sessionTimeoutMs)
                .connectionTimeoutMs(connectionTimeoutMs)
                .retryPolicy(retryPolicy)
                .build();
    }

    /**
     * A client over a Latchkey client that is there already. Closing it leaves that one open, with all it holds.
     *
     * @param latchkey the client; its session is shared
     * @param retryPolicy how often to try again while the database cannot be reached
     */
    public static CuratorFramework wrap(Latchkey latchkey, RetryPolicy retryPolicy) {
        return builder().latchkey(latchkey).retryPolicy(retryPolicy).build();
    }

    /** Builds a client. Not thread-safe. */
    public static final class Builder {
        private @Nullable LatchkeyBuilder target;
        private @Nullable Latchkey existing;
        private UnaryOperator<LatchkeyBuilder> customizer = UnaryOperator.identity();
        private @Nullable String namespace;
        private int sessionTimeoutMs = SESSION_TIMEOUT_MS;
        private int connectionTimeoutMs = CONNECTION_TIMEOUT_MS;
        private @Nullable RetryPolicy retryPolicy;
        private @Nullable ThreadFactory threadFactory;
        private @Nullable Executor runSafeService;
        private ConnectionStateErrorPolicy connectionStateErrorPolicy = new StandardConnectionStateErrorPolicy();

        private Builder() {}

        /**
         * Where the database is. One of this, {@link #dataSource} and {@link #latchkey} is required.
         *
         * @param connectString a pgjdbc URL with user and password
         */
        public Builder connectString(String connectString) {
            target = Latchkey.builder(connectString);
            return this;
        }

        /**
         * Where the database is.
         *
         * @param dataSource see {@link Latchkey#builder(DataSource)}
         */
        public Builder dataSource(DataSource dataSource) {
            target = Latchkey.builder(dataSource);
            return this;
        }

        /**
         * A client that is there already, and stays open when this one is closed. Session timeout and {@link #customize} then
         * have no effect.
         *
         * @param latchkey the client
         */
        public Builder latchkey(Latchkey latchkey) {
            existing = latchkey;
            return this;
        }

        /**
         * Sets what Curator has no name for, such as the holder's name or the number of connections.
         *
         * @param customizer gets the builder of the Latchkey client, with the session's timeout already set
         */
        public Builder customize(UnaryOperator<LatchkeyBuilder> customizer) {
            this.customizer = customizer;
            return this;
        }

        /**
         * What comes before each path. Default: nothing.
         *
         * @param namespace without a slash at its beginning
         */
        public Builder namespace(@Nullable String namespace) {
            this.namespace = namespace;
            return this;
        }

        /**
         * How long what is held outlives this client's last renewal. Default: 15 s, or the system property {@code
         * curator-default-session-timeout}.
         *
         * @param sessionTimeoutMs 500 ms to one hour, in milliseconds
         */
        public Builder sessionTimeoutMs(int sessionTimeoutMs) {
            this.sessionTimeoutMs = sessionTimeoutMs;
            return this;
        }

        /**
         * How long an attempt waits for the first connection. Default: 15 s, or the system property {@code
         * curator-default-connection-timeout}.
         *
         * @param connectionTimeoutMs in milliseconds
         */
        public Builder connectionTimeoutMs(int connectionTimeoutMs) {
            this.connectionTimeoutMs = connectionTimeoutMs;
            return this;
        }

        /**
         * How often to try again while the database cannot be reached. Required.
         *
         * @param retryPolicy the policy
         */
        public Builder retryPolicy(RetryPolicy retryPolicy) {
            this.retryPolicy = retryPolicy;
            return this;
        }

        /**
         * Makes the thread that connects. Default: daemons.
         *
         * @param threadFactory makes it
         */
        public Builder threadFactory(ThreadFactory threadFactory) {
            this.threadFactory = threadFactory;
            return this;
        }

        /**
         * Runs what {@link CuratorFramework#runSafe} is given. Default: threads of the client.
         *
         * @param runSafeService runs it
         */
        public Builder runSafeService(Executor runSafeService) {
            this.runSafeService = runSafeService;
            return this;
        }

        /**
         * Which states make a leader step down. Default: {@link StandardConnectionStateErrorPolicy}.
         *
         * @param connectionStateErrorPolicy the policy
         */
        public Builder connectionStateErrorPolicy(ConnectionStateErrorPolicy connectionStateErrorPolicy) {
            this.connectionStateErrorPolicy = connectionStateErrorPolicy;
            return this;
        }

        /** See {@link #sessionTimeoutMs(int)}. */
        public int getSessionTimeoutMs() {
            return sessionTimeoutMs;
        }

        /** See {@link #connectionTimeoutMs(int)}. */
        public int getConnectionTimeoutMs() {
            return connectionTimeoutMs;
        }

        /** See {@link #retryPolicy(RetryPolicy)}; null if not set. */
        public @Nullable RetryPolicy getRetryPolicy() {
            return retryPolicy;
        }

        /** See {@link #namespace(String)}; null if not set. */
        public @Nullable String getNamespace() {
            return namespace;
        }

        /** See {@link #threadFactory(ThreadFactory)}; null if not set. */
        public @Nullable ThreadFactory getThreadFactory() {
            return threadFactory;
        }

        /** See {@link #runSafeService(Executor)}; null if not set. */
        public @Nullable Executor getRunSafeService() {
            return runSafeService;
        }

        /** See {@link #connectionStateErrorPolicy(ConnectionStateErrorPolicy)}. */
        public ConnectionStateErrorPolicy getConnectionStateErrorPolicy() {
            return connectionStateErrorPolicy;
        }

        /**
         * Makes the client. It does nothing until it is started.
         *
         * @throws IllegalArgumentException if the namespace is no path, or the session's timeout out of its bounds
         * @throws NullPointerException if the database or the retry policy is missing
         */
        public CuratorFramework build() {
            Paths.checkNamespace(namespace);
            Framework.Options options = new Framework.Options(
                    connectionTimeoutMs,
                    required(retryPolicy, "retryPolicy"),
                    connectionStateErrorPolicy,
                    threadFactory,
                    runSafeService);
            if (existing != null) {
                Latchkey given = existing;
                return new Framework(Connecting.given(given), options).usingNamespace(namespace);
            }
            if (sessionTimeoutMs < 500 || sessionTimeoutMs > 3_600_000) {
                throw new IllegalArgumentException("sessionTimeoutMs is 500 to 3600000, not " + sessionTimeoutMs);
            }
            LatchkeyBuilder builder = customizer.apply(
                    required(target, "connectString").sessionTimeout(Duration.ofMillis(sessionTimeoutMs)));
            return new Framework(Connecting.by(builder), options).usingNamespace(namespace);
        }

        private static <T> T required(@Nullable T value, String what) {
            if (value == null) {
                throw new NullPointerException(what + " is required");
            }
            return value;
        }
    }
}
