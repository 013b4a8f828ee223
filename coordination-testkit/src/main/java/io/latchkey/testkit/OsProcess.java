package io.latchkey.testkit;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.stream.Stream;

/** Signals for processes, by their ids, and what became of them. */
final class OsProcess {
    private static final Duration POLL = Duration.ofMillis(5);

    private OsProcess() {}

    /** Sends a signal ({@code INT}, {@code STOP} ...). Processes that have ended meanwhile are left out. */
    static void signal(String signal, Stream<ProcessHandle> processes) {
        List<String> command =
                new ArrayList<>(List.of("sh", "-c", "kill -s " + signal + " \"$@\" 2>/dev/null", "kill"));
        processes.filter(OsProcess::isAlive).forEach(process -> command.add(Long.toString(process.pid())));
        if (command.size() > 4) {
            run(command);
        }
    }

    /** Sends SIGSTOP and returns when the kernel has stopped them all. */
    static void stop(Collection<ProcessHandle> processes) {
        signal("STOP", processes.stream());
        await().pollInterval(POLL).until(() -> processes.stream().allMatch(OsProcess::isStopped));
    }

    static void resume(Stream<ProcessHandle> processes) {
        signal("CONT", processes);
    }

    /** True while it runs. A zombie that nobody collects does not. */
    static boolean isAlive(ProcessHandle process) {
        return process.isAlive() && state(process) != 'Z';
    }

    static void awaitEnd(Collection<ProcessHandle> processes, Duration limit) {
        await().atMost(limit)
                .pollDelay(Duration.ZERO)
                .pollInterval(POLL)
                .until(() -> processes.stream().noneMatch(OsProcess::isAlive));
    }

    /** True also for one that has ended. */
    static boolean isStopped(ProcessHandle process) {
        char state = state(process);
        return state == 'T' || state == 't' || state == '?' || !isAlive(process);
    }

    /** State letter of {@code /proc/PID/stat}, or a question mark where there is no such file. */
    private static char state(ProcessHandle process) {
        Path stat = Path.of("/proc", Long.toString(process.pid()), "stat");
        try {
            String line = Files.readString(stat);
            return line.charAt(line.lastIndexOf(')') + 2);
        } catch (IOException e) {
            return '?';
        }
    }

    private static void run(List<String> command) {
        try {
            new ProcessBuilder(command).start().waitFor();
        } catch (IOException e) {
            throw new UncheckedIOException("Cannot run " + command, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("Interrupted", e);
        }
    }
}
