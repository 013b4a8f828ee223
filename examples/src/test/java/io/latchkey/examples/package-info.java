@NullMarked
package io.latchkey.examples;

import org.jspecify.annotations.NullMarked;
