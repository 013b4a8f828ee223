package io.latchkey.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A wall clock that is wrong, and that can jump while processes run by it: libfaketime. Clocks that only count, such as {@link
 * System#nanoTime()}, stay right, as they do on a real machine whose time is set. The library is unpacked on demand as {@link
 * PgBouncer} is; where that cannot be done the test is skipped and says how to get it.
 *
 * <p>For servers: {@link ServerOptions#by}. For JVMs: {@link JavaProcess#start(Class, java.util.List, Map, String...)} with {@link
 * #environment()}. Close it after the processes. Thread-safe.
 */
public final class FakeClock implements AutoCloseable {
    private static final int FOR_EVER_SECONDS = 1_000_000_000;

    private final Path library;
    private final Path directory;
    private final Watchdog watchdog;
    private volatile boolean seenToJump = true;

    private FakeClock(Path library, Path directory, Watchdog watchdog) {
        this.library = library;
        this.directory = directory;
        this.watchdog = watchdog;
    }

    /** A clock that is right, for now. */
    public static FakeClock create() {
        DebianPackage files = DebianPackage.required("faketime");
        try {
            Path directory = Files.createTempDirectory("latchkey-clock-");
            Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
            FakeClock clock = new FakeClock(
                    files.file("faketime/libfaketimeMT.so.1"),
                    directory,
                    Watchdog.running("rm -rf \"$1\"", directory.toString()));
            clock.set(Duration.ZERO);
            return clock;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** From now on this clock is so far ahead of the machine's; behind it if negative. Running processes see the jump at once. */
    public void set(Duration offset) {
        try {
            // In one step: nobody reads half of it.
            Path next = Files.writeString(
                    directory.resolve("next"),
                    "%+d.%03d".formatted(offset.toMillis() / 1_000, Math.abs(offset.toMillis() % 1_000)));
            Files.setPosixFilePermissions(next, PosixFilePermissions.fromString("rw-r--r--"));
            Files.move(next, directory.resolve("offset"), StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Whether processes that start from now on will see this clock jump (the default), or will go on by what it shows at their start.
     * One that sees jumps reads a file whenever it looks at the clock, and allocates memory for that: in a signal handler, too, where
     * it may crash (libfaketime's issue 124). PostgreSQL looks at the clock in its handler of SIGALRM, so at each of its time-outs.
     */
    public void setSeenToJump(boolean seen) {
        seenToJump = seen;
    }

    /** What a process needs in its environment to go by this clock. */
    public Map<String, String> environment() {
        Map<String, String> environment = new LinkedHashMap<>();
        environment.put("LD_PRELOAD", library.toString());
        environment.put("FAKETIME_TIMESTAMP_FILE", directory.resolve("offset").toString());
        if (seenToJump) {
            environment.put("FAKETIME_NO_CACHE", "1");
        } else {
            environment.put("FAKETIME_CACHE_DURATION", Integer.toString(FOR_EVER_SECONDS));
        }
        environment.put("FAKETIME_DONT_FAKE_MONOTONIC", "1");
        // Its work-around for an old glibc makes timed waits of a JVM late: ten times as long to connect.
        environment.put("FAKETIME_FORCE_MONOTONIC_FIX", "0");
        environment.put("FAKETIME_DISABLE_SHM", "1");
        environment.put("NO_FAKE_STAT", "1");
        return environment;
    }

    /** Deletes its file. A process that still runs by it then sees the time of the machine. */
    @Override
    public void close() {
        watchdog.close();
        DataDirectory.delete(directory);
    }
}
