package io.latchkey.skipgate;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.TestPlan;

/**
 * Writes down which tests were skipped, one line each, into the file that the system property {@code latchkey.skips}
 * names. A line starts with {@code silent: } unless the reason reads {@code needs: WHAT - get it with: COMMAND}; the
 * build fails on such a line.
 *
 * <p>Surefire's reports would not do: they leave out a class whose {@code @BeforeAll} makes an assumption.
 */
public final class SkipGate implements TestExecutionListener {
    private static final Pattern AGREED = Pattern.compile("needs: \\S.* - get it with: \\S");
    private static final Pattern SPACE = Pattern.compile("\\s+");

    private final @Nullable Path file;

    /** For the service loader. */
    public SkipGate() {
        this(System.getProperty("latchkey.skips"));
    }

    SkipGate(@Nullable String file) {
        this.file = file == null ? null : Path.of(file);
    }

    /** The file is there after every run: without it the build knows that this listener was not. */
    @Override
    public void testPlanExecutionStarted(TestPlan plan) {
        append(List.of());
    }

    @Override
    public void executionSkipped(TestIdentifier test, String reason) {
        skipped(test, reason);
    }

    @Override
    public void executionFinished(TestIdentifier test, TestExecutionResult result) {
        if (result.getStatus() == TestExecutionResult.Status.ABORTED) {
            skipped(test, result.getThrowable().map(Throwable::getMessage).orElse(""));
        }
    }

    private void skipped(TestIdentifier test, String reason) {
        String line = test.getUniqueId() + ": "
                + SPACE.matcher(reason).replaceAll(" ").strip();
        append(List.of(AGREED.matcher(line).find() ? line : "silent: " + line));
    }

    private synchronized void append(List<String> lines) {
        if (file == null) {
            return;
        }
        try {
            Files.createDirectories(file.toAbsolutePath().getParent());
            Files.write(file, lines, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
