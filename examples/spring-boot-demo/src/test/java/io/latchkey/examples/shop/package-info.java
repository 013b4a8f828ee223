@NullMarked
package io.latchkey.examples.shop;

import org.jspecify.annotations.NullMarked;
