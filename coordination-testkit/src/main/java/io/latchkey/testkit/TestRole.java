package io.latchkey.testkit;

/**
 * A role that may log in and has no other privilege than those of {@code PUBLIC}.
 *
 * @param name its name, safe to use in SQL without quotes
 * @param password its password
 */
public record TestRole(String name, String password) {
    /** Without the password. */
    @Override
    public String toString() {
        return name;
    }
}
