"""A multilayer perceptron from scratch, to see what weight initialization does to it.

Read it in this order: ``activations.py`` (f and f'), ``initializers.py`` (how W starts),
``losses.py`` (the cost), ``network.py`` (forward and backward), ``optimizers.py`` (the
update), ``training.py`` (the loop), ``diagnostics.py`` (what to look at), ``theory.py``
(what must come out).

Glossary, from the notes to the code (indices of the notes start at 1, ours at 0):

=====================  ==================================  ===============================
in the notes           in the code                         meaning
=====================  ==================================  ===============================
x1, x2                 x[:, 0], x[:, 1]                    inputs, one example a row
w'ij                   net.layers[0].W[i - 1, j - 1]       from input i to hidden unit j
b1j                    net.layers[0].b[0, j - 1]           bias of hidden unit j
z1j                    trace.z[0][:, j - 1]                input of hidden unit j
a1j                    trace.a[1][:, j - 1]                output of hidden unit j
a21 = ŷ                trace.output                        output of the network
L                      loss                                mean squared error
∂L/∂z                  gradients.delta                     what backpropagation carries
∂L/∂w'ij               gradients.W[0][i - 1, j - 1]        gradient of one weight
θ                      net.theta                           all w and b, as one vector
∂L/∂θ                  gradients.theta                     its gradient
η                      SGD(learning_rate)                  learning rate
fan-in                 fan_in, W.shape[-2]                 inputs coming to a unit
=====================  ==================================  ===============================

Examples
--------
>>> import numpy as np
>>> from mlp import MLP, SGD, train
>>> x = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
>>> y = x[:, 0] + x[:, 1]
>>> net = MLP([2, 2, 1], activation="tanh", kernel_initializer="zeros")
>>> history = train(net, x, y, optimizer=SGD(0.1), epochs=100)
>>> print(round(float(history.loss[0]), 3), round(float(history.loss[-1]), 3))
1.5 0.5
"""

from mlp import activations, diagnostics, initializers, optimizers, theory
from mlp.losses import mse
from mlp.network import MLP, Dense, Gradients, Trace
from mlp.optimizers import SGD, Adam
from mlp.training import History, train

__version__ = "0.1.0"

__all__ = [
    "MLP",
    "SGD",
    "Adam",
    "Dense",
    "Gradients",
    "History",
    "Trace",
    "activations",
    "diagnostics",
    "initializers",
    "mse",
    "optimizers",
    "theory",
    "train",
]
