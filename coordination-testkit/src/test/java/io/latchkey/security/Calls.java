package io.latchkey.security;

/** SQL that calls functions which are known by their signature only. */
final class Calls {
    private Calls() {}

    /** A call with nothing but NULL, from its signature. */
    static String withNulls(String procedure) {
        int bracket = procedure.indexOf('(');
        String types = procedure.substring(bracket + 1, procedure.length() - 1);
        String arguments = types.isEmpty() ? "" : "NULL::" + types.replace(",", ",NULL::");
        return "SELECT " + procedure.substring(0, bracket) + "(" + arguments + ")";
    }
}
