package io.latchkey.testkit;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Another JVM with this one's class path, which talks in lines: {@link #send} writes to its standard input, {@link
 * #expect} reads its standard output (and error). It can be killed, stopped and continued. Its main class uses {@link
 * ParentChannel}, so that it ends with this JVM. Thread-safe.
 */
public final class JavaProcess implements AutoCloseable {
    private static final Duration END = Duration.ofSeconds(10);

    private final String name;
    private final Process process;
    private final Writer input;
    private final Lines output = new Lines();
    private final Thread atExit;

    private JavaProcess(String name, Process process) {
        this.name = name;
        this.process = process;
        this.input = process.outputWriter(StandardCharsets.UTF_8);
        this.atExit = new Thread(process::destroyForcibly, "latchkey-testkit-exit-" + name);
        Runtime.getRuntime().addShutdownHook(atExit);
        Thread reader = new Thread(this::read, "output-of-" + name);
        reader.setDaemon(true);
        reader.start();
    }

    /** Starts a JVM with this main class and these arguments. */
    public static JavaProcess start(Class<?> main, String... arguments) {
        return start(main, List.of(), arguments);
    }

    /** Starts a JVM with further options of the JVM, for example system properties. */
    public static JavaProcess start(Class<?> main, List<String> jvmOptions, String... arguments) {
        return start(main, jvmOptions, Map.of(), arguments);
    }

    /** Starts a JVM with further variables in its environment, for example a library to preload. */
    public static JavaProcess start(
            Class<?> main, List<String> jvmOptions, Map<String, String> environment, String... arguments) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto", "-Dfile.encoding=UTF-8"));
        command.addAll(jvmOptions);
        command.add(main.getName());
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().put("CLASSPATH", classPath());
        builder.environment().putAll(environment);
        try {
            return new JavaProcess(main.getSimpleName(), builder.start());
        } catch (IOException e) {
            throw new UncheckedIOException("Cannot start " + command, e);
        }
    }

    /** Its process id. */
    public long pid() {
        return process.pid();
    }

    /** Whether it runs; it may stand still. */
    public boolean isRunning() {
        return process.isAlive();
    }

    /** Writes a line to its standard input. */
    public void send(String line) {
        try {
            synchronized (input) {
                input.write(line + "\n");
                input.flush();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(name + " does not listen; it said:\n" + output, e);
        }
    }

    /**
     * Waits for a line in which the regular expression is found. The lines before it are skipped and not looked at again.
     *
     * @return the match, for its groups
     * @throws AssertionError with all output, if the process ends or the time is up before there is such a line
     */
    public Matcher expect(String regex, Duration limit) {
        Matcher match = output.awaitMatch(Pattern.compile(regex), limit);
        if (match == null) {
            throw new AssertionError(name + " did not say \"" + regex + "\" within " + limit
                    + (isRunning() ? "" : " and has ended") + ". It said:\n" + output);
        }
        return match;
    }

    /** All lines so far. */
    public List<String> output() {
        return output.all();
    }

    /** Kills it (SIGKILL) and returns when it is gone. */
    public void kill() {
        process.destroyForcibly();
        awaitExit(END);
    }

    /** Stops it (SIGSTOP) and returns when it stands still. */
    public void stop() {
        OsProcess.stop(List.of(process.toHandle()));
    }

    /** Lets it go on (SIGCONT). */
    public void cont() {
        OsProcess.resume(Stream.of(process.toHandle()));
    }

    /**
     * Stops all its Java threads at a safepoint, as a long garbage collection does, until the result is closed. Returns when they
     * stand. Skips the test where there is no {@code jcmd}.
     */
    public WorldStop stopTheWorld() {
        return WorldStop.of(pid());
    }

    /**
     * Closes its standard input, which ends a main class that uses {@link ParentChannel}, and waits for its exit code.
     *
     * @throws AssertionError with all output, if it does not end in time
     */
    public int end(Duration limit) {
        closeInput();
        if (!awaitExit(limit)) {
            throw new AssertionError(name + " did not end within " + limit + ". It said:\n" + output);
        }
        return process.exitValue();
    }

    /** Waits until it ends by itself. Returns false when the time is up. */
    public boolean awaitExit(Duration limit) {
        try {
            return process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    /** Kills it, if it still runs. */
    @Override
    public void close() {
        kill();
        closeInput();
        Runtime.getRuntime().removeShutdownHook(atExit);
    }

    private void closeInput() {
        try {
            input.close();
        } catch (IOException alreadyGone) {
            // Nothing left to tell it.
        }
    }

    private void read() {
        try (BufferedReader lines = process.inputReader(StandardCharsets.UTF_8)) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                output.add(line);
            }
        } catch (IOException closed) {
            // Ends like the process.
        } finally {
            output.end();
        }
    }

    /** Absolute, because a class path may be relative to the directory of this JVM. */
    private static String classPath() {
        return Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
                .map(entry -> Path.of(entry).toAbsolutePath().toString())
                .reduce((a, b) -> a + File.pathSeparator + b)
                .orElse("");
    }

    /** What it has said, and how far the reader of it is. */
    private static final class Lines {
        private final List<String> lines = new ArrayList<>();
        private int seen;
        private boolean ended;

        synchronized void add(String line) {
            lines.add(line);
            notifyAll();
        }

        synchronized void end() {
            ended = true;
            notifyAll();
        }

        synchronized List<String> all() {
            return List.copyOf(lines);
        }

        synchronized @Nullable Matcher awaitMatch(Pattern pattern, Duration limit) {
            long deadline = System.nanoTime() + limit.toNanos();
            while (true) {
                while (seen < lines.size()) {
                    Matcher matcher = pattern.matcher(lines.get(seen++));
                    if (matcher.find()) {
                        return matcher;
                    }
                }
                long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
                if (ended || left <= 0) {
                    return null;
                }
                try {
                    wait(left);
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    return null;
                }
            }
        }

        @Override
        public synchronized String toString() {
            return String.join("\n", lines);
        }
    }
}
