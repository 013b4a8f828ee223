package io.latchkey.spring;

/** Which lock a key stands for. Thread-safe. */
@FunctionalInterface
public interface LockNames {
    /**
     * The name of the lock: the same in every process, and another one for every other key.
     *
     * @param key any object but null
     * @throws IllegalArgumentException if the key has no name that other processes would find
     */
    String nameOf(Object key);

    /** Names without a namespace: a string is the name of its lock. See {@link #in(String)} for all else. */
    static LockNames plain() {
        return in("");
    }

    /**
     * Names in a namespace, which separates applications that share a database:
     *
     * <ul>
     *   <li>a string is the name, after {@code namespace/}; one that starts with {@code #} gets another {@code #} in front
     *   <li>a number, boolean, character, UUID, URI, enum constant or value of {@code java.time} becomes {@code #type:value},
     *       for example {@code #java.lang.Long:42}
     *   <li>any other {@link java.io.Serializable} becomes {@code #type:} and the SHA-256 of its serialized form: two objects
     *       are one key if they serialize to the same bytes, as records of strings and numbers do, and hash sets need not
     *   <li>what would be longer than 512 bytes, is empty, or has characters that no name may have, becomes
     *       {@code #sha256-}, its hash and its beginning
     * </ul>
     *
     * <p>Different keys have different names, and so have keys of different types: {@code "42"} and {@code 42} are two locks.
     *
     * @param namespace up to 200 bytes of UTF-8 without {@code /}, NUL and lone surrogates; empty for none
     */
    static LockNames in(String namespace) {
        return new NamespacedNames(namespace);
    }
}
