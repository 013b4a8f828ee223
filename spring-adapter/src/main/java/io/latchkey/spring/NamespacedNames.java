package io.latchkey.spring;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectOutputStream;
import java.io.Serializable;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.net.URI;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Set;
import java.util.UUID;

/** The mapping that {@link LockNames#in} describes. */
record NamespacedNames(String namespace) implements LockNames {
    private static final int MAX_BYTES = 512;
    private static final int READABLE_CHARS = 40;
    /** Types whose {@code toString()} tells all there is to a value, and never changes. */
    private static final Set<Class<?>> PRINTABLE = Set.of(
            Boolean.class,
            Character.class,
            Byte.class,
            Short.class,
            Integer.class,
            Long.class,
            Float.class,
            Double.class,
            BigInteger.class,
            BigDecimal.class,
            UUID.class,
            URI.class);

    NamespacedNames {
        if (!isText(namespace) || namespace.indexOf('/') >= 0 || namespace.getBytes(UTF_8).length > 200) {
            throw new IllegalArgumentException(
                    "a namespace has at most 200 bytes and no '/', NUL or lone surrogate: '" + namespace + "'");
        }
    }

    @Override
    public String nameOf(Object key) {
        String prefix = namespace.isEmpty() ? "" : namespace + "/";
        String text = textOf(key);
        boolean fits = !text.isEmpty()
                && isText(text)
                && prefix.getBytes(UTF_8).length + text.getBytes(UTF_8).length <= MAX_BYTES;
        return prefix + (fits ? text : shortened(text));
    }

    private static String textOf(Object key) {
        if (key instanceof String text) {
            return text.startsWith("#") ? "#" + text : text;
        } else if (key instanceof Enum<?> constant) {
            return typed(constant.getDeclaringClass(), constant.name());
        } else if (PRINTABLE.contains(key.getClass())
                || key.getClass().getPackageName().equals("java.time")) {
            return typed(key.getClass(), key.toString());
        } else if (key instanceof Serializable) {
            return typed(key.getClass(), sha256(serialized(key)));
        }
        throw new IllegalArgumentException(
                "a key must be the same in every process, so it is a string, a number, an enum "
                        + "constant or something Serializable, not "
                        + key.getClass().getName());
    }

    private static String typed(Class<?> type, String value) {
        return "#" + type.getName() + ":" + value;
    }

    /** The hash is over all characters as they are: UTF-8 would make one of all lone surrogates. */
    private static String shortened(String text) {
        ByteBuffer chars = ByteBuffer.allocate(2 * text.length());
        chars.asCharBuffer().put(text);
        StringBuilder readable = new StringBuilder();
        text.codePoints()
                .filter(c -> Character.isDefined(c)
                        && !Character.isISOControl(c)
                        && Character.getType(c) != Character.SURROGATE)
                .limit(READABLE_CHARS)
                .forEach(readable::appendCodePoint);
        return "#sha256-" + sha256(chars.array()) + "-" + readable;
    }

    private static boolean isText(String text) {
        return text.indexOf('\0') < 0 && UTF_8.newEncoder().canEncode(text);
    }

    private static byte[] serialized(Object key) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
            out.writeObject(key);
        } catch (IOException e) {
            throw new IllegalArgumentException(
                    "a key of " + key.getClass() + " does not serialize, so other processes cannot find its lock", e);
        }
        return bytes.toByteArray();
    }

    private static String sha256(byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}
