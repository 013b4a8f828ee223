/** What happens inside the JVM, measured with JMH. */
@NullMarked
package io.latchkey.benchmarks.jmh;

import org.jspecify.annotations.NullMarked;
