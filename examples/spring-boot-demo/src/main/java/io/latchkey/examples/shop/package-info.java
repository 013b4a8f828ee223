/** A small order service that runs twice, and what shows it. */
@NullMarked
package io.latchkey.examples.shop;

import org.jspecify.annotations.NullMarked;
