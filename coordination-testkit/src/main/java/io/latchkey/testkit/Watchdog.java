package io.latchkey.testkit;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

/**
 * Ends a server whose JVM was killed and could not do it: a shell that waits for the end of a pipe from this JVM, and
 * that outlives a Ctrl-C at the terminal.
 */
final class Watchdog implements AutoCloseable {
    /** The process id comes from the server's own file; it counts only if that process works on this directory. */
    private static final String SCRIPT = """
            trap '' INT TERM HUP
            read -r line && [ "$line" = done ] && exit 0
            pid=$(head -n 1 "$1/data/postmaster.pid" 2>/dev/null)
            if [ -n "$pid" ] && { cat "/proc/$pid/cmdline" || ps -o args= -p "$pid"; } 2>/dev/null | grep -qF "$1"; then
              kill -CONT "$pid"
              kill -QUIT "$pid"
              sleep 1
            fi
            rm -rf "$1"
            """;

    private final Process shell;

    Watchdog(Path serverRoot) throws IOException {
        shell = new ProcessBuilder(List.of("sh", "-c", SCRIPT, "latchkey-watchdog", serverRoot.toString()))
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
    }

    @Override
    public void close() {
        try (var pipe = shell.outputWriter(StandardCharsets.US_ASCII)) {
            pipe.write("done\n");
        } catch (IOException e) {
            shell.destroyForcibly();
        }
    }
}
