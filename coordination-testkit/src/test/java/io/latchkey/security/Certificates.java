package io.latchkey.security;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.GroupPrincipal;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

/**
 * A certificate authority and a server's certificate that it signed, made with the JDK's keytool.
 *
 * @param authority the authority's certificate, for clients
 * @param certificate the server's
 * @param key the server's key, which only the user may read that the server runs as
 */
record Certificates(Path authority, Path certificate, Path key) {
    private static final String PASSWORD = "not a secret";

    static Certificates make(Path folder, String host) throws IOException, InterruptedException {
        String store = folder.resolve("store.p12").toString();
        keytool(
                store,
                "-genkeypair",
                "-alias",
                "ca",
                "-dname",
                "CN=Latchkey test authority",
                "-ext",
                "bc:c",
                "-keyalg",
                "EC",
                "-groupname",
                "secp256r1");
        keytool(
                store,
                "-genkeypair",
                "-alias",
                "server",
                "-dname",
                "CN=" + host,
                "-keyalg",
                "EC",
                "-groupname",
                "secp256r1");
        Path request = folder.resolve("request");
        Path signed = folder.resolve("server.crt");
        Path authority = folder.resolve("ca.crt");
        keytool(store, "-certreq", "-alias", "server", "-file", request.toString());
        keytool(
                store,
                "-gencert",
                "-alias",
                "ca",
                "-rfc",
                "-ext",
                "san=dns:" + host,
                "-infile",
                request.toString(),
                "-outfile",
                signed.toString());
        keytool(store, "-exportcert", "-alias", "ca", "-rfc", "-file", authority.toString());
        Path key = Files.writeString(folder.resolve("server.key"), privateKey(store));
        forTheServer(folder, key);
        return new Certificates(authority, signed, key);
    }

    /** All that an exception says, with its causes. */
    static String reasons(Throwable failure) {
        StringBuilder all = new StringBuilder();
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            all.append(cause).append('\n');
        }
        return all.toString();
    }

    private static void keytool(String store, String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(), "-J-Duser.language=en"));
        command.addAll(List.of(arguments));
        command.addAll(List.of("-keystore", store, "-storetype", "PKCS12", "-storepass", PASSWORD));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        process.getOutputStream().close();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            throw new IllegalStateException(command + ": " + output);
        }
    }

    private static String privateKey(String store) throws IOException {
        try (InputStream in = Files.newInputStream(Path.of(store))) {
            KeyStore keys = KeyStore.getInstance("PKCS12");
            keys.load(in, PASSWORD.toCharArray());
            byte[] key = keys.getKey("server", PASSWORD.toCharArray()).getEncoded();
            return "-----BEGIN PRIVATE KEY-----\n"
                    + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(key)
                    + "\n-----END PRIVATE KEY-----\n";
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The server of a test that root runs is {@code nobody}: it reads a key of root's that its group may read. */
    private static void forTheServer(Path folder, Path key) throws IOException {
        if (!System.getProperty("user.name").equals("root")) {
            Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw-------"));
            return;
        }
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
        Process id = new ProcessBuilder("id", "-gn", "nobody").start();
        String name = new String(id.getInputStream().readAllBytes(), StandardCharsets.US_ASCII).strip();
        GroupPrincipal group =
                folder.getFileSystem().getUserPrincipalLookupService().lookupPrincipalByGroupName(name);
        Files.getFileAttributeView(key, PosixFileAttributeView.class).setGroup(group);
        Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw-r-----"));
    }
}
