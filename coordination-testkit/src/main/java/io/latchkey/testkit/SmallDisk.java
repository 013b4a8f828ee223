package io.latchkey.testkit;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import org.junit.jupiter.api.Assumptions;

/**
 * A disk that can be full: a file system in memory, of a size of its own. It takes root to mount it; elsewhere the test is
 * skipped and says so. It is gone with this JVM, also with one that is killed. Close it after the server that uses it.
 *
 * <p>For servers: {@link ServerOptions#dataOn} and {@link ServerOptions#logOn}. For one thread.
 */
public final class SmallDisk implements AutoCloseable {
    private static final String UNMOUNT = "umount -l \"$1\"; rmdir \"$1\"";
    private static final int BLOCK = 4_096;

    private final Path root;
    private final Watchdog watchdog;
    private final Thread atExit = new Thread(this::discard, "latchkey-testkit-exit");

    private SmallDisk(Path root, Watchdog watchdog) {
        this.root = root;
        this.watchdog = watchdog;
        Runtime.getRuntime().addShutdownHook(atExit);
    }

    /** An empty disk of this size, or skips the test where there can be none. */
    public static SmallDisk ofMegabytes(int size) {
        Assumptions.assumeTrue(
                OsUser.isRoot(), "needs: root, to mount a small disk - get it with: run the tests as root");
        try {
            Path root = Files.createTempDirectory("latchkey-disk-");
            String failure =
                    run(List.of("mount", "-t", "tmpfs", "-o", "mode=755,size=" + size + "m", "tmpfs", root.toString()));
            if (!failure.isEmpty()) {
                Files.delete(root);
            }
            Assumptions.assumeTrue(
                    failure.isEmpty(),
                    () -> "needs: the right to mount a tmpfs (" + failure
                            + ") - get it with: a virtual machine, or a privileged container");
            SmallDisk disk = new SmallDisk(root, Watchdog.running(UNMOUNT, root.toString()));
            OsUser.own(root);
            return disk;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Takes all the space that is left. Returns when not one block more can be written. */
    public void fill() {
        byte[] block = new byte[BLOCK];
        try (OutputStream filler =
                Files.newOutputStream(filler(), StandardOpenOption.CREATE, StandardOpenOption.APPEND)) {
            while (true) {
                filler.write(block);
            }
        } catch (IOException full) {
            if (free() >= BLOCK) {
                throw new UncheckedIOException(full);
            }
        }
    }

    /** Gives the space back that {@link #fill()} took. */
    public void empty() {
        try {
            Files.deleteIfExists(filler());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** How many bytes can still be written. */
    public long free() {
        try {
            return Files.getFileStore(root).getUsableSpace();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Unmounts it; what was on it is gone. */
    @Override
    public void close() {
        Runtime.getRuntime().removeShutdownHook(atExit);
        discard();
    }

    /** Where it is mounted. */
    Path root() {
        return root;
    }

    private void discard() {
        try {
            // Lazily: if something of it is still open it is gone when that is closed.
            run(List.of("umount", "-l", root.toString()));
            Files.deleteIfExists(root);
        } catch (IOException e) {
            System.getLogger(SmallDisk.class.getName()).log(System.Logger.Level.WARNING, "Left behind: " + root, e);
        }
        watchdog.close();
    }

    private Path filler() {
        return root.resolve("filler");
    }

    /** What the command said if it failed, else an empty text. */
    private static String run(List<String> command) throws IOException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        try {
            return process.waitFor() == 0 ? "" : command + ": " + output;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("Interrupted", e);
        }
    }
}
