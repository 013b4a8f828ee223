package io.latchkey.testkit;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** A shell script beside this class that gets something for tests which the machine lacks. */
final class SetUpScript {
    private static final Map<List<String>, String> OBSTACLES = new HashMap<>();

    private SetUpScript() {}

    /** Runs it, once for these arguments. Returns the last line that it said if it failed, else an empty text. */
    static synchronized String obstacle(String script, String... arguments) {
        List<String> call = new ArrayList<>(List.of(script));
        call.addAll(Arrays.asList(arguments));
        return OBSTACLES.computeIfAbsent(call, SetUpScript::run);
    }

    private static String run(List<String> call) {
        String name = call.get(0);
        try (InputStream in = SetUpScript.class.getResourceAsStream(name)) {
            if (in == null) {
                throw new IllegalStateException("There is no " + name);
            }
            Path script = Files.createTempFile("latchkey-", name);
            try {
                Files.copy(in, script, StandardCopyOption.REPLACE_EXISTING);
                return run(script, call.subList(1, call.size()));
            } finally {
                Files.delete(script);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String run(Path script, List<String> arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of("sh", script.toString()));
        command.addAll(arguments);
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        process.getOutputStream().close();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        try {
            return process.waitFor() == 0
                    ? ""
                    : output.lines().reduce((first, last) -> last).orElse("no reason given");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("Interrupted", e);
        }
    }
}
