package io.latchkey.model;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Assumptions;

/** The model checker, from Debian's packages: {@code spin} writes a program that looks at every state, {@code gcc} compiles it. */
final class Spin {
    private static final Path MODELS = Path.of("src", "main", "promela").toAbsolutePath();
    private static final Path WORK = Path.of("target", "spin").toAbsolutePath();
    private static final Pattern STATES = Pattern.compile("(\\d+) states, stored");
    private static final Pattern ERRORS = Pattern.compile("errors: (\\d+)");
    private static final boolean AVAILABLE = available() || (install() && available());

    private Spin() {}

    /**
     * What a run found.
     *
     * @param complete whether all states were looked at, or one that is wrong was found
     * @param wrong what spin says of it; empty if nothing is wrong
     * @param states how many states there were
     */
    record Result(boolean complete, String wrong, long states) {}

    /** Skips the test if this machine has no spin and cannot get it. */
    static void require() {
        Assumptions.assumeTrue(AVAILABLE, "needs: spin and gcc - get it with: apt-get install spin gcc libc6-dev");
    }

    /** Looks for states that break an assertion. */
    static Result assertions(String model, String options) {
        return run(model, options, List.of("-DSAFETY"), List.of("-m5000000"));
    }

    /** Looks for fair executions that break the model's LTL formula, and for broken assertions. */
    static Result liveness(String model, String options) {
        return run(model, options, List.of(), List.of("-a", "-f", "-E", "-m5000000"));
    }

    private static Result run(String model, String options, List<String> compiler, List<String> checker) {
        try {
            Files.createDirectories(WORK);
            Path folder = Files.createTempDirectory(WORK, model);
            List<String> spin = new ArrayList<>(List.of("spin"));
            options.lines()
                    .flatMap(line -> List.of(line.split(" ")).stream())
                    .filter(o -> !o.isEmpty())
                    .map(o -> "-D" + o)
                    .forEach(spin::add);
            spin.addAll(List.of("-a", MODELS.resolve(model + ".pml").toString()));
            output(folder, spin);
            List<String> gcc = new ArrayList<>(List.of("gcc", "-O1", "-w", "-DMEMLIM=1500", "-o", "pan", "pan.c"));
            gcc.addAll(compiler);
            output(folder, gcc);
            List<String> pan = new ArrayList<>(List.of(folder.resolve("pan").toString()));
            pan.addAll(checker);
            return parse(output(folder, pan));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Result parse(String output) {
        Matcher states = STATES.matcher(output);
        Matcher errors = ERRORS.matcher(output);
        if (!states.find() || !errors.find()) {
            throw new IllegalStateException(output);
        }
        boolean cut = output.contains("max search depth too small") || output.contains("memory limit");
        String wrong = output.lines()
                .filter(line -> line.startsWith("pan:1:"))
                .findFirst()
                .orElse("");
        if (wrong.isEmpty() != errors.group(1).equals("0")) {
            throw new IllegalStateException(output);
        }
        return new Result(!wrong.isEmpty() || !cut, wrong, Long.parseLong(states.group(1)));
    }

    private static String output(Path folder, List<String> command) throws IOException {
        Path written = Files.createTempFile(folder, "output", ".txt");
        Process process = new ProcessBuilder(command)
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .redirectOutput(written.toFile())
                .start();
        try {
            if (!process.waitFor(10, TimeUnit.MINUTES)) {
                process.destroyForcibly();
                throw new IllegalStateException(command + " takes too long");
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
        String output = Files.readString(written, StandardCharsets.UTF_8);
        if (process.exitValue() != 0 && !command.get(0).endsWith("pan")) {
            throw new IllegalStateException(command + ": " + output);
        }
        return output;
    }

    private static boolean available() {
        return works(List.of("spin", "-V")) && works(List.of("gcc", "--version"));
    }

    private static boolean install() {
        return System.getProperty("user.name").equals("root")
                && (works(List.of(
                                "apt-get",
                                "install",
                                "-y",
                                "-q",
                                "--no-install-recommends",
                                "spin",
                                "gcc",
                                "libc6-dev"))
                        || (works(List.of("apt-get", "update", "-q"))
                                && works(List.of(
                                        "apt-get",
                                        "install",
                                        "-y",
                                        "-q",
                                        "--no-install-recommends",
                                        "spin",
                                        "gcc",
                                        "libc6-dev"))));
    }

    private static boolean works(List<String> command) {
        try {
            ProcessBuilder builder = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD);
            builder.environment().put("DEBIAN_FRONTEND", "noninteractive");
            Process process = builder.start();
            process.getOutputStream().close();
            if (process.waitFor(5, TimeUnit.MINUTES)) {
                return process.exitValue() == 0;
            }
            process.destroyForcibly();
            return false;
        } catch (IOException e) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }
}
