package io.latchkey.testkit;

import java.time.Duration;
import java.util.Map;
import org.testcontainers.DockerClientFactory;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.wait.strategy.Wait;
import org.testcontainers.utility.DockerImageName;

/** A container of an image of PostgreSQL. Testcontainers removes it when the JVM ends. */
final class DockerServer {
    private static final int PORT = 5432;
    private static final String PASSWORD = "latchkey";

    private DockerServer() {}

    static PostgresServer start(String image) {
        try {
            Class.forName("org.testcontainers.DockerClientFactory");
        } catch (ClassNotFoundException e) {
            throw new IllegalStateException(
                    "latchkey.postgres=docker needs org.testcontainers:testcontainers on the class path", e);
        }
        return Container.start(image);
    }

    /** Loaded only when Testcontainers is on the class path. */
    private static final class Container {
        @SuppressWarnings("resource") // lives as long as the JVM
        static PostgresServer start(String image) {
            if (!DockerClientFactory.instance().isDockerAvailable()) {
                throw new IllegalStateException("latchkey.postgres=docker, but no Docker can be reached from here;"
                        + " leave the property out to use embedded binaries");
            }
            GenericContainer<?> container = new GenericContainer<>(DockerImageName.parse(image))
                    .withEnv("POSTGRES_PASSWORD", PASSWORD)
                    .withExposedPorts(PORT)
                    .withCommand("postgres", "-c", "max_connections=200")
                    // The image starts the server once for its own initialisation.
                    .waitingFor(Wait.forLogMessage(".*ready to accept connections.*\\n", 2)
                            .withStartupTimeout(Duration.ofMinutes(2)));
            container.start();
            return new ExternalServer(new DatabaseAddress(
                    container.getHost(), container.getMappedPort(PORT), "postgres", "postgres", PASSWORD, Map.of()));
        }
    }
}
