@NullMarked
package io.latchkey.benchmarks;

import org.jspecify.annotations.NullMarked;
