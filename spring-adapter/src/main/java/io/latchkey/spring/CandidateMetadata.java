package io.latchkey.spring;

import java.net.InetAddress;
import java.net.UnknownHostException;
import org.springframework.core.env.Environment;
import org.springframework.util.StringUtils;

/** What a candidate says of itself, for people who look at {@code latchkey.leaders} and {@code latchkey.participants}. */
final class CandidateMetadata {
    private static final int MAX_CHARS = 500;

    private CandidateMetadata() {}

    /** Such as {@code application=shop, host=web-1}; without the application where it has no name. */
    static String of(Environment environment) {
        String application = environment.getProperty("spring.application.name");
        return (StringUtils.hasText(application) ? "application=" + shortened(application) + ", " : "") + "host="
                + shortened(host());
    }

    private static String shortened(String text) {
        return text.codePoints()
                .filter(c -> !Character.isISOControl(c) && Character.getType(c) != Character.SURROGATE)
                .limit(MAX_CHARS)
                .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                .toString();
    }

    private static String host() {
        try {
            return InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException e) {
            return "localhost";
        }
    }
}
