package io.latchkey.testkit;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Where the programs of a PostgreSQL are.
 *
 * @param bin their directory
 * @param enter a program that runs them in a file system of their own, as an ordinary user; null: they run as they are
 */
record Installation(Path bin, @Nullable Path enter) {
    private static final Path DEBIAN = Path.of("/usr/lib/postgresql");

    /** Finds the binaries that {@link ServerOptions#source()} describes. */
    static Installation find(String source) {
        if (source.matches("\\d+")) {
            return new Installation(EmbeddedBinaries.install(Integer.parseInt(source)), null);
        }
        Path enter = Path.of(source, "enter");
        if (Files.isExecutable(enter)) {
            return new Installation(Path.of(source), enter);
        }
        return checked(source.equals("local") ? newestLocal() : Path.of(source));
    }

    /** The command that runs a program as an ordinary user. */
    List<String> command(String program, String... arguments) {
        List<String> command = new ArrayList<>();
        if (enter == null) {
            command.add(bin.resolve(program).toString());
        } else {
            command.addAll(List.of(enter.toString(), program));
        }
        command.addAll(List.of(arguments));
        return enter == null ? OsUser.unprivileged(command) : command;
    }

    /** A process that will run the server in its surroundings. */
    ProcessBuilder server(ServerOptions options, String... arguments) {
        FakeClock clock = options.clock();
        NetworkNamespace network = options.network();
        List<String> command = command("postgres", arguments);
        if (clock != null) {
            // In front of the program itself: whatever switches the user must not go by that clock.
            List<String> environment = new ArrayList<>(List.of("env"));
            clock.environment().forEach((key, value) -> environment.add(key + "=" + value));
            command = new ArrayList<>(command);
            command.addAll(command.indexOf(bin.resolve("postgres").toString()), environment);
        }
        return new ProcessBuilder(network == null ? command : network.inside(command));
    }

    /** A new directory that its programs can see. */
    Path newDirectory(String prefix) throws IOException {
        return enter == null
                ? Files.createTempDirectory(prefix)
                : Files.createTempDirectory(bin.resolve("servers"), prefix);
    }

    private static Installation checked(Path bin) {
        for (String program : List.of("postgres", "initdb")) {
            if (!Files.isExecutable(bin.resolve(program))) {
                throw new IllegalStateException("There is no program " + program + " in " + bin
                        + "; latchkey.postgres may be a major version, local, docker, docker:image or a bin directory");
            }
        }
        return new Installation(bin, null);
    }

    /** Debian keeps one directory per major version; elsewhere the programs are on the PATH. */
    private static Path newestLocal() {
        try (Stream<Path> versions = Files.isDirectory(DEBIAN) ? Files.list(DEBIAN) : Stream.empty()) {
            String path = System.getenv().getOrDefault("PATH", "");
            return Stream.concat(
                            versions.sorted(Comparator.comparingInt(Installation::version)
                                            .reversed())
                                    .map(version -> version.resolve("bin")),
                            Stream.of(path.split(":")).map(Path::of))
                    .filter(bin -> Files.isExecutable(bin.resolve("postgres")))
                    .findFirst()
                    .orElseThrow(() ->
                            new IllegalStateException("latchkey.postgres=local, but no PostgreSQL is installed in "
                                    + DEBIAN + " or on the PATH"));
        } catch (IOException e) {
            throw new IllegalStateException("Cannot read " + DEBIAN, e);
        }
    }

    private static int version(Path directory) {
        String name = directory.getFileName().toString();
        return name.matches("\\d+") ? Integer.parseInt(name) : 0;
    }
}
