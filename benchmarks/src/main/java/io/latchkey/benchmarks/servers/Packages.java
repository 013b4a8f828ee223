package io.latchkey.benchmarks.servers;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** Programs from the system's packages. As root on Debian a missing one is installed; elsewhere we say how to get it. */
final class Packages {
    private Packages() {}

    /**
     * The path of a program.
     *
     * @throws MissingException if it is not there, and could not be installed
     */
    static Path require(String program, String debianPackage) throws IOException {
        Optional<Path> found = find(program);
        if (found.isEmpty()) {
            install(debianPackage);
            found = find(program);
        }
        return found.orElseThrow(
                () -> new MissingException(program + " is missing - get it with: apt-get install " + debianPackage));
    }

    private static Optional<Path> find(String program) {
        return Stream.concat(
                        Stream.of(System.getenv().getOrDefault("PATH", "").split(":")),
                        Stream.of("/usr/sbin", "/usr/bin", "/usr/local/bin"))
                .map(directory -> Path.of(directory, program))
                .filter(Files::isExecutable)
                .findFirst();
    }

    private static void install(String debianPackage) throws IOException {
        if (!System.getProperty("user.name").equals("root") || find("apt-get").isEmpty()) {
            return;
        }
        System.err.println("Installing " + debianPackage + " ...");
        // A package would start its server as a service; ours is another one. That is what policy-rc.d is there to
        // refuse.
        String script = """
                policy=/usr/sbin/policy-rc.d
                if [ ! -e "$policy" ]; then
                  printf '#!/bin/sh\\nexit 101\\n' > "$policy" && chmod +x "$policy" && trap 'rm -f "$policy"' EXIT
                fi
                get() { apt-get -q -y --no-install-recommends install "$1"; }
                get "$1" || { apt-get -q update && get "$1"; }
                """;
        ProcessBuilder builder = new ProcessBuilder("sh", "-c", script, "install", debianPackage)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD);
        builder.environment().put("DEBIAN_FRONTEND", "noninteractive");
        Process process = builder.start();
        try {
            if (!process.waitFor(10, TimeUnit.MINUTES)) {
                process.destroy();
            }
        } catch (InterruptedException e) {
            process.destroy();
            Thread.currentThread().interrupt();
        }
    }
}
