package io.latchkey.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;

/**
 * A Debian package that is unpacked and not installed, by {@code debian_package.sh} (beside this class): no service of it starts.
 * That takes root, apt and the network the first time; where it cannot be done the test is skipped and says how to get it.
 *
 * @param name of the package
 * @param root the folder that has its files
 */
record DebianPackage(String name, Path root) {
    private static final String SCRIPT = "debian_package.sh";

    /** Gets this package, or skips the test. */
    static DebianPackage required(String name) {
        String folder = SharedServer.property("latchkey.packages.folder");
        Path root = Path.of(folder == null ? "/var/cache/latchkey" : folder, name);
        String obstacle = SetUpScript.obstacle(SCRIPT, name, root.toString());
        Assumptions.assumeTrue(
                obstacle.isEmpty(),
                () -> "needs: the files of Debian's " + name + " (" + obstacle + ") - get it with: as root, sh "
                        + "coordination-testkit/src/main/resources/io/latchkey/testkit/" + SCRIPT + " " + name + " "
                        + root);
        return new DebianPackage(name, root);
    }

    /** A file whose path ends like this. */
    Path file(String end) {
        try (Stream<Path> files = Files.walk(root)) {
            return files.filter(file -> file.endsWith(end))
                    .findFirst()
                    .orElseThrow(() -> new IllegalStateException("There is no " + end + " in " + root));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A process that will run this program with the libraries that were unpacked with it. */
    ProcessBuilder process(List<String> command) {
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().put("LD_LIBRARY_PATH", libraries());
        return builder;
    }

    private String libraries() {
        try (Stream<Path> files = Files.walk(root)) {
            return files.filter(file -> file.getFileName().toString().contains(".so"))
                    .map(file -> String.valueOf(file.getParent()))
                    .distinct()
                    .collect(Collectors.joining(":"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
