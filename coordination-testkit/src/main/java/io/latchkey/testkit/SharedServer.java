package io.latchkey.testkit;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** The one server per JVM, and the properties that choose it. */
final class SharedServer {
    static final String DEFAULT_SOURCE = "18";

    private static @Nullable PostgresServer server;

    private SharedServer() {}

    static synchronized PostgresServer get() {
        PostgresServer started = server;
        if (started == null) {
            started = choose();
            server = started;
        }
        return started;
    }

    /** Value of {@code latchkey.postgres}. */
    static String source() {
        String source = property("latchkey.postgres");
        return source == null ? DEFAULT_SOURCE : source;
    }

    static @Nullable String property(String name) {
        String environment = System.getenv(name.replace('.', '_').toUpperCase(Locale.ROOT));
        String value = System.getProperty(name, environment == null ? "" : environment);
        return value.isBlank() ? null : value.strip();
    }

    private static PostgresServer choose() {
        String url = property("latchkey.postgres.url");
        if (url != null) {
            return new ExternalServer(DatabaseAddress.parse(url));
        }
        String source = source();
        if (source.equals("docker") || source.startsWith("docker:")) {
            return DockerServer.start(source.equals("docker") ? "postgres:18" : source.substring("docker:".length()));
        }
        return CrashableServer.start(ServerOptions.defaults());
    }
}
