package io.latchkey.testkit;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** Where the programs of a PostgreSQL are. */
record Installation(Path bin) {
    private static final Path DEBIAN = Path.of("/usr/lib/postgresql");

    /** Finds the binaries that {@link ServerOptions#source()} describes. */
    static Installation find(String source) {
        if (source.matches("\\d+")) {
            return new Installation(EmbeddedBinaries.install(Integer.parseInt(source)));
        }
        return checked(source.equals("local") ? newestLocal() : Path.of(source));
    }

    String program(String name) {
        return bin.resolve(name).toString();
    }

    private static Installation checked(Path bin) {
        for (String program : List.of("postgres", "initdb")) {
            if (!Files.isExecutable(bin.resolve(program))) {
                throw new IllegalStateException("There is no program " + program + " in " + bin
                        + "; latchkey.postgres may be a major version, local, docker, docker:image or a bin directory");
            }
        }
        return new Installation(bin);
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
