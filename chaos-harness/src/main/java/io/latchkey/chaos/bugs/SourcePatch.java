package io.latchkey.chaos.bugs;

import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;

/**
 * A change of a class of the client. The class is compiled anew, into a directory that stands first on the class path of the workers;
 * so nothing in the client has to know of it.
 *
 * @param type the class, in package io.latchkey.internal
 * @param guard what is in its source
 * @param replacement what stands there instead
 */
record SourcePatch(String type, String guard, String replacement) {
    private static final String PACKAGE = "io/latchkey/internal";

    /** Compiles all of them; returns the directory. */
    static Path compile(List<SourcePatch> patches, Path directory) {
        Map<String, String> sources = new LinkedHashMap<>();
        for (SourcePatch patch : patches) {
            String source = sources.computeIfAbsent(patch.type, SourcePatch::original);
            if (!source.contains(patch.guard)) {
                throw new IllegalStateException(patch.type + " does not contain: " + patch.guard);
            }
            sources.put(patch.type, source.replace(patch.guard, patch.replacement));
        }
        try {
            Path from = directory.resolve("patched-sources");
            Path to = Files.createDirectories(directory.resolve("patched-classes"));
            Files.createDirectories(from);
            for (Map.Entry<String, String> source : sources.entrySet()) {
                Files.writeString(from.resolve(source.getKey() + ".java"), source.getValue());
            }
            run(
                    from,
                    to,
                    sources.keySet().stream()
                            .map(type -> from.resolve(type + ".java"))
                            .toList());
            return to;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String original(String type) {
        Path file = Path.of(System.getProperty("latchkey.root", "."))
                .resolve("coordination-core/src/main/java")
                .resolve(PACKAGE)
                .resolve(type + ".java");
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(
                    "bugs are made of the client's sources; -Dlatchkey.root names the repository", e);
        }
    }

    private static void run(Path from, Path to, List<Path> files) throws IOException {
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        if (compiler == null) {
            throw new IllegalStateException("this Java has no compiler: use a JDK");
        }
        StringWriter said = new StringWriter();
        try (StandardJavaFileManager manager = compiler.getStandardFileManager(null, null, null)) {
            boolean good = compiler.getTask(
                            said,
                            manager,
                            null,
                            List.of(
                                    "-d",
                                    to.toString(),
                                    "-proc:none",
                                    "-nowarn",
                                    "-classpath",
                                    System.getProperty("java.class.path")),
                            null,
                            manager.getJavaFileObjectsFromPaths(files))
                    .call();
            if (!good) {
                throw new IllegalStateException(from + " cannot be compiled:\n" + said);
            }
        }
    }
}
