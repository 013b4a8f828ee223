package io.latchkey.testkit;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/**
 * Tidies up for a JVM that was killed and could not do it: a shell that waits for the end of a pipe from this JVM, and
 * that outlives a Ctrl-C at the terminal.
 */
final class Watchdog implements AutoCloseable {
    private static final String WAIT = """
            trap '' INT TERM HUP
            read -r line && [ "$line" = done ] && exit 0
            """;

    /** The process id comes from the server's own file; it counts only if that process works on this directory. */
    private static final String END_OF_SERVER = """
            pid=$(head -n 1 "$1/data/postmaster.pid" 2>/dev/null)
            if [ -n "$pid" ] && { cat "/proc/$pid/cmdline" || ps -o args= -p "$pid"; } 2>/dev/null | grep -qF "$1"; then
              kill -CONT "$pid"
              kill -QUIT "$pid"
              sleep 1
            fi
            rm -rf "$1"
            """;

    private final Process shell;

    private Watchdog(Process shell) {
        this.shell = shell;
    }

    /** Ends the server that works on this directory, and deletes that. */
    static Watchdog ofServer(Path root) throws IOException {
        return running(END_OF_SERVER, root.toString());
    }

    /** Runs a shell script with these arguments, unless this is closed before. */
    static Watchdog running(String script, String... arguments) throws IOException {
        List<String> command = Stream.concat(
                        Stream.of("sh", "-c", WAIT + script, "latchkey-watchdog"), Arrays.stream(arguments))
                .toList();
        return new Watchdog(new ProcessBuilder(command)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start());
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
