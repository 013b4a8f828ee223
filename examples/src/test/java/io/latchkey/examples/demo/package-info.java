@NullMarked
package io.latchkey.examples.demo;

import org.jspecify.annotations.NullMarked;
