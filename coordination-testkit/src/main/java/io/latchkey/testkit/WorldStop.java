package io.latchkey.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Assumptions;

/**
 * A pause of another JVM as a long garbage collection makes it: all its Java threads stand at a safepoint, while its sockets stay
 * open and its operating system goes on. It lasts from {@link JavaProcess#stopTheWorld()} to {@link #close()}.
 *
 * <p>The other JVM is asked for a heap dump, which it writes at a safepoint, into a pipe that nobody empties.
 */
public final class WorldStop implements AutoCloseable {
    /** Reads one byte, which is written when the world has stopped, and the rest when it is told to, or when this JVM has ended. */
    private static final String READER =
            "exec 3<\"$1\"; head -c 1 <&3 >/dev/null; echo stopped; read -r line; cat <&3 >/dev/null; rm -rf \"${1%/*}\"";

    private final Path directory;
    private final Process reader;
    private final Process dump;

    private WorldStop(Path directory, Process reader, Process dump) {
        this.directory = directory;
        this.reader = reader;
        this.dump = dump;
    }

    /** Returns when the world has stopped; skips the test where there is no {@code jcmd}. */
    static WorldStop of(long pid) {
        Path jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd");
        Assumptions.assumeTrue(
                Files.isExecutable(jcmd),
                "needs: jcmd of a JDK - get it with: apt-get install openjdk-17-jdk-headless");
        try {
            Path directory = Files.createTempDirectory("latchkey-pause-");
            String pipe = directory.resolve("pipe").toString();
            run(List.of("mkfifo", pipe));
            Process reader = new ProcessBuilder("sh", "-c", READER, "latchkey-pause", pipe).start();
            Process dump = new ProcessBuilder(
                            jcmd.toString(), Long.toString(pid), "GC.heap_dump", "-overwrite", "-all", pipe)
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            WorldStop stop = new WorldStop(directory, reader, dump);
            if (!"stopped".equals(reader.inputReader(StandardCharsets.UTF_8).readLine())) {
                stop.close();
                throw new IllegalStateException("The JVM with the id " + pid + " did not stop");
            }
            return stop;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Lets it go on, and returns when it does. */
    @Override
    public void close() {
        try {
            try (var input = reader.outputWriter(StandardCharsets.US_ASCII)) {
                input.write("go on\n");
            }
            reader.waitFor();
            dump.waitFor();
        } catch (IOException e) {
            reader.destroyForcibly(); // then the dump fails, and the pause ends as well
        } catch (InterruptedException e) {
            reader.destroyForcibly();
            Thread.currentThread().interrupt();
        }
        DataDirectory.delete(directory);
    }

    private static void run(List<String> command) throws IOException {
        try {
            if (new ProcessBuilder(command).start().waitFor() != 0) {
                throw new IOException(command + " failed");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("Interrupted", e);
        }
    }
}
