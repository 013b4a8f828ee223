/** Programs to run and read, one per guarantee. */
@NullMarked
package io.latchkey.examples;

import org.jspecify.annotations.NullMarked;
