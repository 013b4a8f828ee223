package io.latchkey.examples.demo;

import org.jspecify.annotations.Nullable;

/**
 * What was asked for on the command line.
 *
 * @param url the reader's own server, or null for an embedded one
 * @param stay whether to go on until Ctrl-C
 * @param help whether to explain and do nothing
 */
record DemoOptions(@Nullable String url, boolean stay, boolean help) {
    static final String HELP = """
            Usage: ./demo [--stay] [--url URL]

            Three processes compete for one lock on a real PostgreSQL. One is killed while it
            holds the lock, another is stopped for longer than its lease and wakes up again.
            Takes about 15 seconds; the first run downloads what it needs before that.

              --stay   afterwards keep three workers running until Ctrl-C, for you to kill
              --url    use this server instead of an embedded one, for example
                       'jdbc:postgresql://localhost:5432/app?user=app&password=...'. The demo
                       writes into a schema of its own, latchkey_demo, and drops it at the end. It
                       installs the schema latchkey if there is none, and drops that again unless
                       somebody else has begun to use it.
              --help   this text

            Colours: only at a terminal, and not if NO_COLOR is set.
            Exit code: 0 if all expectations held, 1 if not, 2 if the demo could not run.""";

    static DemoOptions parse(String... arguments) {
        String url = null;
        boolean stay = false;
        for (int i = 0; i < arguments.length; i++) {
            String argument = arguments[i];
            if (argument.equals("--help") || argument.equals("-h")) {
                return new DemoOptions(null, false, true);
            } else if (argument.equals("--stay")) {
                stay = true;
            } else if (argument.startsWith("--url=")) {
                url = argument.substring("--url=".length());
            } else if (argument.equals("--url") && i + 1 < arguments.length) {
                url = arguments[++i];
            } else if (argument.equals("--url")) {
                throw new DemoException("--url needs a JDBC URL, such as jdbc:postgresql://localhost/app?user=app.");
            } else {
                throw new DemoException("There is no option " + argument + "; see ./demo --help.");
            }
        }
        return new DemoOptions(url, stay, false);
    }
}
