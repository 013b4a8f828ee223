package io.latchkey.benchmarks.servers;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Time on the processor of a process and its children, in nanoseconds, from the scheduler's statistics in {@code /proc}. Those
 * that have ended still count, with what was last seen of them. NaN where there is no such file.
 */
final class ProcessorTime {
    private final ProcessHandle root;
    private final Map<String, Long> seen = new HashMap<>();

    ProcessorTime(long pid) {
        this.root = ProcessHandle.of(pid).orElseThrow();
    }

    synchronized double nanos() {
        Stream.concat(Stream.of(root), root.descendants()).forEach(this::look);
        return seen.isEmpty()
                ? Double.NaN
                : seen.values().stream().mapToLong(Long::longValue).sum();
    }

    private void look(ProcessHandle process) {
        Path tasks = Path.of("/proc", Long.toString(process.pid()), "task");
        try (Stream<Path> threads = Files.list(tasks)) {
            for (Path thread : (Iterable<Path>) threads::iterator) {
                String statistics = Files.readString(thread.resolve("schedstat"));
                seen.put(
                        process.pid() + "/" + thread.getFileName(),
                        Long.parseLong(statistics.split(" ", 2)[0]));
            }
        } catch (IOException | NumberFormatException gone) {
            // It ended while we were looking, or this is not Linux.
        }
    }
}
