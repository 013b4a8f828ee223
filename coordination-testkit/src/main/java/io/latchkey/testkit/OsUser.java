package io.latchkey.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.UserPrincipal;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** PostgreSQL refuses to run as root: then it runs as {@code nobody}. Otherwise as whoever runs the JVM. */
final class OsUser {
    private static final boolean ROOT = "root".equals(System.getProperty("user.name"));
    private static final String NOBODY = "nobody";

    private OsUser() {}

    static boolean isRoot() {
        return ROOT;
    }

    /** The command, wrapped where needed so that an ordinary user runs it. */
    static List<String> unprivileged(List<String> command) {
        if (!ROOT) {
            return command;
        }
        if (!Files.isExecutable(Path.of("/usr/bin/setpriv")) && !Files.isExecutable(Path.of("/bin/setpriv"))) {
            throw new IllegalStateException("PostgreSQL does not run as root, and there is no setpriv (util-linux) to"
                    + " start it as " + NOBODY + ": run the tests as an ordinary user");
        }
        List<String> wrapped = new ArrayList<>(
                List.of("setpriv", "--reuid=" + NOBODY, "--regid=" + Gid.VALUE, "--clear-groups", "--"));
        wrapped.addAll(command);
        return wrapped;
    }

    /** Gives a directory and all that is in it to the user that runs the server. */
    static void own(Path directory) throws IOException {
        if (!ROOT) {
            return;
        }
        UserPrincipal nobody =
                directory.getFileSystem().getUserPrincipalLookupService().lookupPrincipalByName(NOBODY);
        try (Stream<Path> paths = Files.walk(directory)) {
            for (Path path : (Iterable<Path>) paths::iterator) {
                Files.setOwner(path, nobody);
            }
        }
    }

    private static final class Gid {
        static final String VALUE = read();

        private static String read() {
            try {
                Process id = new ProcessBuilder("id", "-g", NOBODY).start();
                return new String(id.getInputStream().readAllBytes(), StandardCharsets.US_ASCII).strip();
            } catch (IOException e) {
                throw new UncheckedIOException("Cannot find the group of " + NOBODY, e);
            }
        }
    }
}
